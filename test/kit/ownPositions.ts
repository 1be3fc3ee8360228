import { Field, ID, ObjectType, Resolver, Root, Subscription, type SubscribeResolverData } from 'type-graphql';
import { buildMainSchema } from '../../src/graphql/buildSchemas';
import type { GraphqlContext } from '../../src/graphql/context';
import { plainProperties } from '../../src/graphql/plainProperties';
import { mainTable, type PermissionTable } from '../../src/security/permissions';
import type { GuardedApi } from '../../src/server/serverParts';
import type { StreamEvent } from '../../src/streams/streamSource';
import { ScriptedSource } from './scriptedStream';

export const nobody = 'nobody';
export const positionsDocument = 'subscription { ownPositions { owner } }';
export const misdeclaredDocument = 'subscription { misdeclared { owner } }';
export const secretsDocument = 'subscription { secrets { text } }';

@ObjectType('OwnPosition', plainProperties)
class OwnPositionType {
  @Field(() => ID)
  readonly owner!: string;
}

@ObjectType('Secret', plainProperties)
class SecretType {
  @Field(() => String, { nullable: true })
  readonly text!: string | null;
}

/** The streams that were asked for, by the user whose they are. */
export type SourcesByUser = Map<string, ScriptedSource>;

type Asked = SubscribeResolverData<unknown, object, GraphqlContext>;

function sourceOf(sources: SourcesByUser, userId: string, body: object): ScriptedSource {
  const source = sources.get(userId) ?? new ScriptedSource({ keepsEverything: true, body });
  sources.set(userId, source);
  return source;
}

/**
 * The project's schema with three streams more. `ownPositions` is the same for all connections of a user. `secrets` is declared
 * the same for all, which is a mistake: its text depends on who asks; `misdeclared` makes the same mistake with its source.
 */
export function withOwnPositions(sources: SourcesByUser): GuardedApi {
  const revealing = {
    text: (_args: unknown, { principal }: GraphqlContext): string => `of ${principal?.userId ?? nobody}`,
  };

  @Resolver()
  class OwnPositionsResolver {
    @Subscription(() => OwnPositionType, {
      subscribe: ({ context }: Asked) => {
        const owner = context.principal?.userId ?? nobody;
        return sourceOf(sources, owner, { owner });
      },
    })
    ownPositions(@Root() event: StreamEvent): StreamEvent {
      return event;
    }

    @Subscription(() => OwnPositionType, {
      subscribe: ({ context }: Asked) => {
        const owner = context.principal?.userId ?? nobody;
        return sourceOf(sources, owner, { owner });
      },
    })
    misdeclared(@Root() event: StreamEvent): StreamEvent {
      return event;
    }

    @Subscription(() => SecretType, { subscribe: () => sourceOf(sources, 'secrets', revealing) })
    secrets(@Root() event: StreamEvent): StreamEvent {
      return event;
    }
  }

  const row = { who: 'marketReaders', rate: 'stream', cost: 1 } as const;
  const table: PermissionTable = {
    roots: {
      ...mainTable.roots,
      Subscription: {
        ...mainTable.roots['Subscription'],
        ownPositions: { ...row, shared: 'user' },
        misdeclared: { ...row, shared: 'public' },
        secrets: { ...row, shared: 'public' },
      },
    },
    objectTypes: {
      ...mainTable.objectTypes,
      // Public as well, so that `misdeclared` is shared by all; what its root declares narrows `ownPositions`.
      OwnPosition: { who: 'reachable', shared: 'public' },
      Secret: { who: 'reachable', shared: 'public' },
    },
  };
  return { schema: buildMainSchema([OwnPositionsResolver]), table };
}

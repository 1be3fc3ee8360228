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
/** What each looks at, and what asks for it. */
export const misdeclaredDocuments = [
  ['user', 'subscription { misdeclared { owner } }'],
  ['rate', 'subscription { misdeclaredRate { owner } }'],
] as const;
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

function userOf({ principal }: GraphqlContext): string {
  return principal?.userId ?? nobody;
}

/**
 * The project's schema with four streams more. `ownPositions` is the same for all connections of a user. `secrets` is declared
 * the same for all, which is a mistake: its text depends on who asks; `misdeclared` and `misdeclaredRate` make the
 * same mistake with their source.
 */
export function withOwnPositions(sources: SourcesByUser): GuardedApi {
  const revealing = { text: (_args: unknown, context: GraphqlContext): string => `of ${userOf(context)}` };
  const openFor =
    (ownerOf: (context: GraphqlContext) => string) =>
    ({ context }: Asked): ScriptedSource => {
      const owner = ownerOf(context);
      return sourceOf(sources, owner, { owner });
    };

  @Resolver()
  class OwnPositionsResolver {
    @Subscription(() => OwnPositionType, { subscribe: openFor(userOf) })
    ownPositions(@Root() event: StreamEvent): StreamEvent {
      return event;
    }

    @Subscription(() => OwnPositionType, { subscribe: openFor(userOf) })
    misdeclared(@Root() event: StreamEvent): StreamEvent {
      return event;
    }

    @Subscription(() => OwnPositionType, { subscribe: openFor(({ rateKey }) => rateKey) })
    misdeclaredRate(@Root() event: StreamEvent): StreamEvent {
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
        misdeclaredRate: { ...row, shared: 'public' },
        secrets: { ...row, shared: 'public' },
      },
    },
    objectTypes: {
      ...mainTable.objectTypes,
      // Public as well, so that `misdeclared` and `misdeclaredRate` are shared by all; what its root declares narrows `ownPositions`.
      OwnPosition: { who: 'reachable', shared: 'public' },
      Secret: { who: 'reachable', shared: 'public' },
    },
  };
  return { schema: buildMainSchema([OwnPositionsResolver]), table };
}

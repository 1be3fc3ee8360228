import { Arg, Ctx, ID, Mutation, Query, Resolver } from 'type-graphql';
import { principalOf } from '../caller';
import type { GraphqlContext } from '../context';
import { SessionType } from './session.type';

type SessionView = Pick<SessionType, keyof SessionType>;
type Shown = Omit<SessionView, 'current'>;

@Resolver(() => SessionType)
export class SessionResolver {
  @Query(() => [SessionType], {
    nullable: true,
    description: 'Where you are signed in, the session refreshed last first.',
  })
  async sessions(@Ctx() context: GraphqlContext): Promise<readonly SessionView[]> {
    const sessions = await context.services.sessions.live(principalOf(context).userId);
    return sessions.map((session) => viewOf(context, session));
  }

  @Mutation(() => Boolean, {
    description: 'Ends a session of yours and closes its sockets. False where you have no such session.',
  })
  revokeSession(@Arg('id', () => ID) id: string, @Ctx() context: GraphqlContext): Promise<boolean> {
    return context.services.sessions.revoke(principalOf(context).userId, id, context.ip);
  }
}

/** A session of the asker's own, by its id. */
export async function findSession(context: GraphqlContext, id: string): Promise<SessionView | null> {
  const session = await context.services.sessions.liveOne(principalOf(context).userId, id);
  return session === null ? null : viewOf(context, session);
}

function viewOf(context: GraphqlContext, { id, createdAt, lastSeenAt, ip, userAgent }: Shown): SessionView {
  const { credential } = principalOf(context);
  const current = credential.kind === 'session' && credential.id === id;
  return { id, createdAt, lastSeenAt, ip, userAgent, current };
}

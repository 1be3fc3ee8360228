import { GraphQLObjectType, GraphQLSchema, GraphQLString, parse } from 'graphql';
import { AppError } from '../../src/errors/appError';
import { guardedSubscribe } from '../../src/server/streamGuard';
import { ManualStream } from '../kit/fakeMarket';

interface Tick {
  readonly failWith: Error | null;
}

/** A subscription whose events fail as the test says. */
function open(source: ManualStream<Tick> | Error): ReturnType<typeof guardedSubscribe> {
  const schema = new GraphQLSchema({
    query: new GraphQLObjectType({ name: 'Query', fields: { unused: { type: GraphQLString } } }),
    subscription: new GraphQLObjectType({
      name: 'Subscription',
      fields: {
        tick: {
          type: GraphQLString,
          subscribe: () => {
            if (source instanceof Error) throw source;
            return source;
          },
          resolve: ({ failWith }: Tick) => {
            if (failWith !== null) throw failWith;
            return 'tick';
          },
        },
      },
    }),
  });
  return guardedSubscribe({ schema, document: parse('subscription { tick }') });
}

async function codeOf(step: Promise<unknown>): Promise<unknown> {
  const error: unknown = await step.then(
    () => null,
    (reason: unknown) => reason,
  );
  const original = (error as { originalError?: unknown } | null)?.originalError;
  return original instanceof AppError ? original.code : error;
}

describe('a subscription', () => {
  it('that is refused at the door fails with the refusal', async () => {
    const events = await open(new AppError('FORBIDDEN'));
    expect(await codeOf(events.next())).toBe('FORBIDDEN');
  });

  it.each(['UNAUTHENTICATED', 'FORBIDDEN'] as const)(
    'whose reader may not go on (%s) ends with the refusal and lets go of its source',
    async (code) => {
      const source = new ManualStream<Tick>();
      const events = await open(source);
      source.push({ failWith: null });
      expect((await events.next()).value).toEqual({ data: { tick: 'tick' } });
      source.push({ failWith: new AppError(code) });
      expect(await codeOf(events.next())).toBe(code);
      expect(source.isOpen).toBe(false);
      expect((await events.next()).done).toBe(true);
    },
  );

  it('goes on over an event that fails for another reason', async () => {
    const source = new ManualStream<Tick>();
    const events = await open(source);
    source.push({ failWith: new Error('one bad event') });
    expect((await events.next()).value).toMatchObject({ data: { tick: null } });
    source.push({ failWith: null });
    expect((await events.next()).value).toEqual({ data: { tick: 'tick' } });
  });

  it('lets go of its source at once, although the next event is being waited for', async () => {
    const source = new ManualStream<Tick>();
    const events = await open(source);
    const pending = events.next();
    await events.return();
    expect(source.isOpen).toBe(false);
    expect((await pending).done).toBe(true);
  });
});

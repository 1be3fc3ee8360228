import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import type { Role } from '../../src/identity/principal';
import { streamReasons } from '../../src/streams/streamEvents';
import { eventually } from '../kit/eventually';
import { bursts, MarketCourse, openingBurst, type BusStep } from '../kit/marketCourse';
import type { Message } from '../kit/rawSocket';
import { documentMarkets, perStreamNames, streamRequests, type StreamRequest } from '../kit/streamDocuments';
import { TwoPaths, type ClientPair } from '../kit/twoPaths';

type Identity = readonly Role[] | 'anonymous' | 'badToken';

type Action =
  | { readonly kind: 'subscribe'; readonly client: number; readonly id: string; readonly request: number }
  | { readonly kind: 'complete'; readonly client: number; readonly id: string }
  | { readonly kind: 'publish'; readonly burst: readonly BusStep[] }
  | { readonly kind: 'changeRoles'; readonly client: number; readonly roles: readonly Role[] }
  | { readonly kind: 'disable'; readonly client: number };

interface Course {
  readonly identities: readonly Identity[];
  readonly requests: readonly StreamRequest[];
  readonly isOpened: boolean;
  readonly actions: readonly Action[];
}

const ids = ['a', 'b', 'é', '价格💹', '\ud800"\\', 'long'.repeat(16), ' '];
const clients = 4;

const roles = fc.constantFrom<(readonly Role[])[]>(['VIEWER'], ['TRADER', 'ADMIN'], ['AUDITOR']);
const client = fc.nat({ max: clients - 1 });
const id = fc.constantFrom(...ids);

const action: fc.Arbitrary<Action> = fc.oneof(
  { weight: 12, arbitrary: fc.record({ kind: fc.constant('subscribe'), client, id, request: fc.nat({ max: 3 }) }) },
  { weight: 10, arbitrary: fc.record({ kind: fc.constant('publish'), burst: bursts }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('complete'), client, id }) },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('changeRoles'), client, roles: fc.oneof(roles, fc.constant([])) }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('disable'), client }) },
);

const course: fc.Arbitrary<Course> = fc.record({
  identities: fc.array(
    fc.oneof(
      { weight: 6, arbitrary: roles },
      { weight: 2, arbitrary: fc.constantFrom<Identity[]>('anonymous', [], 'badToken') },
    ),
    { minLength: clients, maxLength: clients },
  ),
  requests: fc.array(streamRequests, { minLength: 1, maxLength: 4 }),
  isOpened: fc.boolean(),
  actions: fc.array(action, { maxLength: 24, size: 'max' }),
});

describe.each([false, true])('sharing, where market data is public: %s', (publicMarketData) => {
  let paths: TwoPaths;

  beforeAll(async () => {
    paths = await TwoPaths.start({ marketIds: documentMarkets, publicMarketData });
  });

  afterAll(() => paths.stop());

  it('changes nothing that a client can see: messages of each id, errors, completion, close codes', async () => {
    await fc.assert(
      fc.asyncProperty(course, async (given) => {
        try {
          for (const [shared, plain] of await play(paths, given)) {
            expect(shared.closeCode).toBe(plain.closeCode);
            expect(seenBy(shared.messages, given)).toEqual(seenBy(plain.messages, given));
          }
        } finally {
          paths.disconnect();
          await eventually(() => paths.bus.interests().length === 0);
        }
      }),
      { numRuns: 50, interruptAfterTimeLimit: 25_000 },
    );
  });
});

async function play(
  paths: TwoPaths,
  { identities, requests, isOpened, actions }: Course,
): Promise<readonly ClientPair[]> {
  const market = new MarketCourse(paths.bus);
  if (isOpened) for (const step of openingBurst) market.publish(step);
  const users = identities.map(() => randomUUID());
  const authorizationOf = (identity: Identity, userId: string): string | null => {
    if (identity === 'anonymous') return null;
    if (identity === 'badToken') return 'Bearer nonsense';
    return `Bearer ${paths.servers[0].tokens.issue({ userId, roles: identity }).accessToken}`;
  };
  const pairs: ClientPair[] = [];
  for (const [index, identity] of identities.entries()) {
    pairs.push(await paths.connect(authorizationOf(identity, users[index]!)));
  }
  await paths.settle();
  for (const one of actions) {
    act(one);
    await paths.settle();
  }
  return pairs;

  function act(one: Action): void {
    switch (one.kind) {
      case 'subscribe': {
        const payload = requests[one.request % requests.length]!;
        for (const each of pairs[one.client]!) each.send({ id: one.id, type: 'subscribe', payload });
        return;
      }
      case 'complete':
        for (const each of pairs[one.client]!) each.send({ id: one.id, type: 'complete' });
        return;
      case 'publish':
        for (const step of one.burst) market.publish(step);
        return;
      case 'changeRoles':
        paths.changeAuthority({ kind: 'rolesChanged', userId: users[one.client]!, roles: one.roles });
        return;
      case 'disable':
        paths.changeAuthority({ kind: 'userDisabled', userId: users[one.client]! });
    }
  }
}

/** What a client saw, by operation id, without what no two streams of the same events have in common. */
function seenBy(messages: readonly Message[], given: Course): Readonly<Record<string, readonly unknown[]>> {
  const seen: Record<string, unknown[]> = {};
  const isHistoryCertain = isTradeHistoryCertain(given);
  for (const message of messages) (seen[message.id ?? ''] ??= []).push(normalize(message, isHistoryCertain));
  return seen;
}

/**
 * How many trades of before a silence stand in an opening, and whether trades are missed after it, depends on how long its
 * stream has been open: one that opens during the silence knows of none before.
 */
function isTradeHistoryCertain({ actions }: Course): boolean {
  const steps = actions.flatMap((one) => (one.kind === 'publish' ? one.burst : []));
  return !steps.some(({ channel, kind }) => channel === 'trades' && kind === 'stale');
}

const differing = new Set<string>([...perStreamNames, 'requestId']);

function normalize(message: Message, isHistoryCertain: boolean): unknown {
  return JSON.parse(JSON.stringify(message), (key, value: unknown): unknown => {
    if (differing.has(key)) return '…';
    // Readers of one group may have laid out their documents differently.
    if (key === 'locations' && message.type === 'next') return undefined;
    if (!isHistoryCertain && value === streamReasons.tradesMissed) return null;
    if (key !== 'trades' || !Array.isArray(value)) return value;
    // Which of two markets' trades stand first in an opening is nobody's concern.
    return isHistoryCertain ? value.map((one) => JSON.stringify(one)).sort() : '…';
  });
}

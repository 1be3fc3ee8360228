import { randomUUID } from 'node:crypto';
import { limits } from '../../src/security/limits';
import { MemoryReservations } from '../../src/security/reservations';
import { RawSocket } from '../kit/rawSocket';
import { StandInTokens } from '../kit/standInTokens';
import { codesOf, TestServer } from '../kit/testServer';

const listing = '{ markets(first: 500) { id ticker { last } feed { stale } } }';
const ticker = '{ ticker(market: "simulator:BTC/USDT") { last } }';
const stream = 'subscription { tickers(markets: ["simulator:BTC/USDT"]) { meta { seq } } }';

const tokens = new StandInTokens();
let now: number;
let budgets: MemoryReservations;
let server: TestServer;

beforeEach(async () => {
  now = 1_000;
  budgets = new MemoryReservations({ clock: () => now, maxIdentities: 100 });
  server = await TestServer.start({
    verifier: tokens,
    access: { publicMarketData: true },
    // So that budgets alone refuse anybody, and fill up when the test says so.
    reservations: { take: () => Promise.resolve([]) },
    budgets,
  });
});

afterEach(() => server.stop());

interface Answer {
  readonly body: object;
  readonly codes: readonly unknown[];
}

const costOf = ({ body }: Answer): { readonly units: number; readonly limit: number } =>
  (body as { readonly extensions: { readonly cost: { readonly units: number; readonly limit: number } } }).extensions
    .cost;

const somebody = (userId: string = randomUUID()): string => tokens.issue({ userId, roles: ['TRADER'] }).authorization;

async function ask(authorization: string | null, query = listing): Promise<Answer> {
  return server.post({ query }, authorization === null ? {} : { authorization });
}

/** How many of `count` at once are answered. */
async function answered(count: number, authorization: string | null, query = listing): Promise<number> {
  const answers = await Promise.all(Array.from({ length: count }, () => ask(authorization, query)));
  expect(answers.flatMap(({ codes }) => codes).filter((code) => code !== 'RATE_LIMITED')).toEqual([]);
  return answers.filter(({ codes }) => codes.length === 0).length;
}

it('lets a user ask for as much in a minute as twenty of the costliest documents, however many documents it is', async () => {
  const authorization = somebody();
  const { units, limit } = costOf(await ask(authorization));
  expect([units > 1_000, limit]).toEqual([true, limits.cost.signedIn]);
  const inAll = Math.floor((limit * limits.cost.documentsAMinute) / units);
  expect(await answered(inAll + 20, authorization)).toBe(inAll - 1);
  const refused = await server.post({ query: listing }, { authorization });
  const [{ extensions } = { extensions: {} }] = refused.body.errors ?? [];
  expect(extensions).toMatchObject({ code: 'RATE_LIMITED', cost: units });
  const { retryAfterMs } = extensions as { readonly retryAfterMs: number };
  now += retryAfterMs - 2;
  expect(await answered(1, authorization)).toBe(0);
  now += 2;
  expect(await answered(2, authorization)).toBe(1);
});

it('keeps nobody else from anything, and a refused user from nothing that is cheap enough', async () => {
  const [one, other] = [somebody(), somebody()];
  const { units, limit } = costOf(await ask(one));
  const inAll = Math.floor((limit * limits.cost.documentsAMinute) / units);
  await answered(inAll + 5, one);
  expect([await answered(1, one), await answered(1, other)]).toEqual([0, 1]);
  expect((await ask(one, '{ serverTime }')).codes).toEqual([]);
});

it('is one for both transports, and opens no stream of who has used it up', async () => {
  const userId = randomUUID();
  const authorization = somebody(userId);
  const rate = { max: limits.cost.signedIn * limits.cost.documentsAMinute, windowMs: 60_000 };
  await budgets.spend({ key: `cost|user:${userId}`, units: rate.max, rate, crowd: 'users' });
  expect(await answered(1, authorization, ticker)).toBe(0);
  const before = server.market.opened.length;
  const socket = await RawSocket.connect(server.wsUrl, authorization);
  socket.subscribe('1', ticker);
  const answer = await socket.next();
  expect(codesOf((answer.payload as { readonly errors: never }).errors)).toEqual(['RATE_LIMITED']);
  await socket.next();
  socket.subscribe('2', stream);
  const refusal = await socket.next();
  expect([refusal.type, codesOf(refusal.payload as never)]).toEqual(['error', ['RATE_LIMITED']]);
  socket.close();
  expect(server.market.opened.length).toBe(before);
});

it('is charged once for a document, whatever it asks for, and not at all where the asker may not', async () => {
  const several = '{ a: markets(first: 500) { id } b: markets(first: 500) { id } c: markets(first: 500) { id } }';
  const authorization = somebody();
  const { units, limit } = costOf(await ask(authorization, several));
  const inAll = Math.floor((limit * limits.cost.documentsAMinute) / units);
  expect(await answered(inAll + 5, authorization, several)).toBe(inAll - 1);
  const denied = somebody();
  for (let call = 0; call < 10; call += 1)
    expect((await ask(denied, '{ users(first: 500) { id } }')).codes).toEqual(['FORBIDDEN']);
  expect(await answered(inAll + 5, denied, several)).toBe(inAll);
});

it('is larger for API keys, whose documents may cost more, and smaller for strangers', async () => {
  const costly =
    '{ a: markets(first: 500) { ...M } b: markets(first: 500) { ...M } } fragment M on Market { id ticker { last } feed { stale } }';
  const key = tokens.issue({ userId: randomUUID(), roles: ['TRADER'], scopes: ['MARKET_READ'] }).authorization;
  const answer = await ask(key, costly);
  expect([answer.codes, costOf(answer).limit]).toEqual([[], limits.cost.apiKey]);
  expect(costOf(answer).units).toBeGreaterThan(limits.cost.signedIn);
  expect((await ask(somebody(), costly)).codes).toEqual(['QUERY_TOO_COSTLY']);
  expect((await ask(null)).codes).toEqual(['QUERY_TOO_COSTLY']);
  const cheap = '{ markets(first: 100) { id } }';
  const { units, limit } = costOf(await ask(null, cheap));
  expect(limit).toBe(limits.cost.anonymous);
  const inAll = Math.floor((limit * limits.cost.documentsAMinute) / units);
  expect(await answered(inAll + 5, null, cheap)).toBe(inAll - 1);
});

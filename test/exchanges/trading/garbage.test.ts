import { isDecimalString } from '../../../src/domain/decimal';
import { isErrorCode } from '../../../src/errors/catalogue';
import type { OrderReport } from '../../../src/domain/orders';
import type { TradingPort } from '../../../src/exchanges/tradingPort';
import { createRandom, type Random } from '../../../src/simulator/engine/random';
import { credentialsOf, openAccount, orderTerms } from '../../kit/tradingAccount';
import { filledAnswer, OrderServer } from './orderServer';

/** Payloads over all questions; the nightly run has 5,000. */
const payloads = Number(process.env.FUZZ_PAYLOADS ?? 1_000);
/** Each account has a pace of its own, so that they are asked beside each other. */
const lanes = 8;
const symbol = 'BTC/USDT';
const clientOrderId = 'tg-1';
const order = filledAnswer(new URLSearchParams({ newClientOrderId: clientOrderId, quantity: '0.00100000' }));
const trade = {
  symbol: 'BTCUSDT',
  id: 28457,
  orderId: 28,
  price: '4.00000100',
  qty: '12.00000000',
  quoteQty: '48.00001200',
  commission: '10.10000000',
  commissionAsset: 'BNB',
  time: 1_499_865_549_590,
  isBuyer: true,
  isMaker: false,
};

interface Question {
  readonly path: string;
  readonly answer: unknown;
  readonly ask: (port: TradingPort) => Promise<unknown>;
  readonly isSound: (answer: never) => boolean;
}

const reference = { symbol, clientOrderId, exchangeOrderId: null };
const questions: readonly Question[] = [
  {
    path: 'order',
    answer: order,
    ask: (port) => port.placeOrder({ clientOrderId, terms: orderTerms(), signedAt: Date.now() }),
    isSound: (outcome: Awaited<ReturnType<TradingPort['placeOrder']>>) =>
      outcome.kind === 'accepted' ? isSoundReport(outcome.report) : ['refused', 'unknown'].includes(outcome.kind),
  },
  {
    path: '/api/v3/order',
    answer: { ...order, updateTime: 1_700_000_000_000, time: 1_700_000_000_000 },
    ask: (port) => port.findOrder(reference),
    isSound: (report: OrderReport | null) => report === null || isSoundReport(report),
  },
  {
    path: '/api/v3/order',
    answer: { ...order, origClientOrderId: clientOrderId, status: 'CANCELED' },
    ask: (port) => port.cancelOrder(reference),
    isSound: (outcome: Awaited<ReturnType<TradingPort['cancelOrder']>>) =>
      outcome.kind !== 'accepted' || outcome.report === null || isSoundReport(outcome.report),
  },
  {
    path: '/api/v3/openOrders',
    answer: [order, order],
    ask: (port) => port.openOrders(symbol),
    isSound: (reports: readonly OrderReport[]) => reports.every((report) => areSoundFigures(report)),
  },
  {
    path: '/api/v3/myTrades',
    answer: [trade, trade],
    ask: (port) => port.fillsSince(symbol, Date.now()),
    isSound: (fills: Awaited<ReturnType<TradingPort['fillsSince']>>) =>
      fills.every(({ price, amount, cost, tradeId }) => [price, amount, cost].every(isNotNegative) && tradeId !== ''),
  },
  {
    path: '/api/v3/account',
    answer: {
      canTrade: true,
      updateTime: 1,
      accountType: 'SPOT',
      balances: [{ asset: 'BTC', free: '1.0', locked: '0.5' }],
    },
    ask: (port) => port.balances(),
    isSound: (balances: Awaited<ReturnType<TradingPort['balances']>>) =>
      balances.every(({ free, used, total }) => [free, used, total].every(isNotNegative)),
  },
];

describe('garbage from the exchange', () => {
  const unhandled: unknown[] = [];
  const note = (reason: unknown) => unhandled.push(reason);

  beforeAll(() => {
    process.on('unhandledRejection', note);
  });

  afterAll(() => {
    process.off('unhandledRejection', note);
  });

  it(
    `of ${payloads} kinds crashes nothing: every order is accepted as asked, refused or unknown, every question answered or failed`,
    async () => {
      const outcomes = await Promise.all(Array.from({ length: lanes }, (_, lane) => runLane(lane)));
      const counts = outcomes
        .flat()
        .reduce<Record<string, number>>((sums, kind) => ({ ...sums, [kind]: (sums[kind] ?? 0) + 1 }), {});
      expect(Object.values(counts).reduce((sum, count) => sum + count, 0)).toBeGreaterThanOrEqual(payloads);
      // Neither is everything refused as garbage, nor taken for good.
      expect(counts).toMatchObject({
        sound: expect.any(Number) as number,
        unknown: expect.any(Number) as number,
        failed: expect.any(Number) as number,
      });
      expect(unhandled).toEqual([]);
    },
    payloads * 200 + 60_000,
  );
});

async function runLane(lane: number): Promise<readonly string[]> {
  const server = new OrderServer();
  const port = openAccount(await server.listen(), credentialsOf({ apiKey: 'key', secret: 'secret' }), {
    answerTimeoutMs: 2_000,
  });
  await port.clockSkewMs();
  const random = createRandom(`garbage/${lane}`);
  const kinds: string[] = [];
  for (let count = 0; count < Math.ceil(payloads / lanes); count += 1) {
    const question = questions[random.integer(questions.length)]!;
    const payload = spoil(question.answer, random);
    const status = [200, 200, 200, 400, 404, 500, 502][random.integer(7)]!;
    server.answers.clear();
    if (question.path === 'order') server.replyWith(status, payload);
    else server.answers.set(question.path, { status, body: payload });
    kinds.push(await judge(question, port, payload));
  }
  await port.close();
  await server.close();
  return kinds;
}

async function judge(question: Question, port: TradingPort, payload: string): Promise<string> {
  let answer: unknown;
  try {
    answer = await question.ask(port);
  } catch (error) {
    const { code } = error as { readonly code?: unknown };
    if (typeof code === 'string' && isErrorCode(code)) return 'failed';
    throw new Error(`${question.path}: ${String(error)} after ${payload.slice(0, 300)}`, { cause: error });
  }
  if (!question.isSound(answer as never))
    throw new Error(`${question.path}: ${JSON.stringify(answer)} after ${payload.slice(0, 300)}`);
  const { kind } = (answer ?? {}) as { readonly kind?: string };
  return kind === 'unknown' || kind === 'refused' ? kind : 'sound';
}

function isSoundReport(report: OrderReport): boolean {
  return report.clientOrderId === clientOrderId && report.symbol === symbol && areSoundFigures(report);
}

function areSoundFigures({ exchangeOrderId, filled, cost, average, exchangeTime, fills }: OrderReport): boolean {
  const figures = [filled, cost, average].filter((figure) => figure !== null);
  return (
    exchangeOrderId !== '' &&
    figures.every(isNotNegative) &&
    Number.isSafeInteger(exchangeTime) &&
    fills.every(({ price, amount }) => isNotNegative(price) && isNotNegative(amount))
  );
}

function isNotNegative(figure: unknown): boolean {
  return isDecimalString(figure) && !figure.startsWith('-');
}

const values: readonly unknown[] = [
  ...[
    null,
    true,
    false,
    0,
    -1,
    1e308,
    -1e-9,
    9_007_199_254_740_993,
    'NaN',
    'Infinity',
    '-1',
    '',
    ' ',
    '0x10',
    '1e5',
    '1,5',
  ],
  ...[
    'FILLED',
    'BTCUSDT',
    'ETHUSDT',
    '<b>',
    '\u0000',
    '٣',
    'x'.repeat(100_000),
    [],
    {},
    [[]],
    { a: { b: [] } },
    ['1', 2],
  ],
];
const pages = [
  '',
  'null',
  '[]',
  '{}',
  '""',
  'true',
  '<html><h1>502 Bad Gateway</h1></html>',
  '{"code":-1007}',
  '{"code":"x","msg":{}}',
];

/** A right answer with some of it wrong, cut off, or something else altogether. */
function spoil(answer: unknown, random: Random): string {
  const way = random.integer(10);
  if (way === 0) return pages[random.integer(pages.length)]!;
  let spoiled = answer;
  for (let count = random.integer(4); count > 0; count -= 1) spoiled = replaceOne(spoiled, random);
  const text = JSON.stringify(spoiled);
  if (way === 1) return text.slice(0, random.integer(text.length));
  if (way === 2) return text.replace(/[":,]/, (found) => found + found);
  return text;
}

/** Replaces, drops or renames one member somewhere inside. */
function replaceOne(value: unknown, random: Random): unknown {
  if (typeof value !== 'object' || value === null || random.integer(8) === 0)
    return values[random.integer(values.length)];
  const entries = Object.entries<unknown>(value as Record<string, unknown>);
  const chosen = entries[random.integer(Math.max(1, entries.length))];
  if (chosen === undefined) return value;
  const [name, member] = chosen;
  const copy: Record<string, unknown> = { ...value };
  if (random.integer(6) === 0) Reflect.deleteProperty(copy, name);
  else copy[name] = replaceOne(member, random);
  return Array.isArray(value) ? Object.values(copy) : copy;
}

import { Decimal } from '../../../src/domain/decimal';
import { sum } from '../../../src/domain/money';
import type { AccountEvent, ExchangeBalance, TradingPort } from '../../../src/exchanges/tradingPort';
import type { OrderReport, OrderTerms } from '../../../src/domain/orders';
import { eventually } from '../../kit/eventually';
import { startSimulator, type RunningSimulator } from '../../kit/simulator';
import { decimal, demoCredentials, mexcOf, openAccount, orderTerms } from '../../kit/tradingAccount';

const symbol = 'BTC/USDT';

interface Exchange {
  readonly ccxtId: string;
  readonly urls: (simulator: RunningSimulator) => Pick<RunningSimulator, 'restUrl' | 'wsUrl'>;
  /** Whether the answer to an order tells what came of it, and that to its cancellation how it ends. */
  readonly tellsAtOnce: boolean;
  /** Whether an execution, asked for, repeats the client's id of its order. */
  readonly repeatsClientId: boolean;
}

const exchanges: readonly Exchange[] = [
  { ccxtId: 'binance', urls: (simulator) => simulator, tellsAtOnce: true, repeatsClientId: false },
  { ccxtId: 'mexc', urls: mexcOf, tellsAtOnce: false, repeatsClientId: true },
];

describe.each(exchanges)('a spot account at $ccxtId through ccxt', ({ ccxtId, urls, ...exchange }) => {
  let simulator: RunningSimulator;
  let port: TradingPort;
  let number = 0;
  const others: TradingPort[] = [];

  beforeAll(async () => {
    simulator = await startSimulator({ seed: 'account', args: ['--weight-limit', '1000000'] });
    port = openAccount(urls(simulator), await demoCredentials(simulator, 'trader'), { ccxtId });
  });

  afterEach(async () => {
    await simulator.control('DELETE', 'faults');
    await Promise.all(others.splice(0).map((other) => other.close()));
  });

  afterAll(async () => {
    await port.close();
    await simulator.stop();
  });

  const newId = () => `tg-test-${(number += 1)}`;
  const place = (changes: Partial<OrderTerms> = {}, clientOrderId = newId()) =>
    port.placeOrder({ clientOrderId, terms: orderTerms(changes), signedAt: Date.now() });

  async function accepted(changes: Partial<OrderTerms> = {}, clientOrderId = newId()) {
    const outcome = await place(changes, clientOrderId);
    if (outcome.kind !== 'accepted') throw new Error(JSON.stringify(outcome));
    return outcome.report;
  }

  /** An order as its exchange knows it once it is done. */
  const closed = (report: OrderReport) =>
    exchange.tellsAtOnce
      ? Promise.resolve(report)
      : eventually(async () => {
          const found = await port.findOrder({ symbol, clientOrderId: report.clientOrderId!, exchangeOrderId: null });
          return found?.status === 'CLOSED' ? found : null;
        });

  const far = async () => {
    const [bid] = await bestBid();
    return decimal(new Decimal(bid).times('1.2').toDecimalPlaces(2).toFixed());
  };

  async function bestBid(): Promise<readonly [string]> {
    const response = await fetch(`${simulator.restUrl}/api/v3/ticker/bookTicker?symbol=BTCUSDT`);
    const { bidPrice } = (await response.json()) as { readonly bidPrice: string };
    return [bidPrice];
  }

  it('buys at market and tells the fills with the answer, as it does when asked for them', async () => {
    const since = Date.now() - 1000;
    const clientOrderId = newId();
    const report = await closed(await accepted({ amount: decimal('0.05') }, clientOrderId));
    expect(report).toMatchObject({
      status: 'CLOSED',
      clientOrderId,
      filled: '0.05',
      terms: orderTerms({ amount: decimal('0.05') }),
    });
    const asked = (await port.fillsSince(symbol, since)).filter(
      ({ exchangeOrderId }) => exchangeOrderId === report.exchangeOrderId,
    );
    expect(asked.length).toBeGreaterThan(0);
    expect(sum(...asked.map(({ amount }) => amount))).toBe('0.05');
    expect(sum(...asked.map(({ cost }) => cost))).toBe(report.cost);
    const told = exchange.repeatsClientId ? clientOrderId : null;
    expect(asked.every((fill) => fill.clientOrderId === told && fill.takerOrMaker === 'taker')).toBe(true);
    // The answer to an order gives one time for all of its fills; asked for, each has its own.
    const untimed = asked.map((fill) => ({ ...fill, exchangeTime: report.exchangeTime }));
    if (exchange.tellsAtOnce)
      expect(untimed).toEqual(
        report.fills.map((fill) => ({ ...fill, exchangeTime: report.exchangeTime, clientOrderId: told })),
      );
    for (const { exchangeTime } of asked) expect(Math.abs(exchangeTime - report.exchangeTime)).toBeLessThan(1_000);
    expect(await port.findOrder({ symbol, clientOrderId, exchangeOrderId: null })).toEqual({
      ...report,
      exchangeTime: expect.any(Number) as number,
      fills: [],
    });
  });

  it('opens, finds, lists and cancels a limit order', async () => {
    const price = await far();
    const report = await accepted({ type: 'LIMIT', side: 'SELL', price, timeInForce: 'GTC' });
    const reference = { symbol, clientOrderId: report.clientOrderId!, exchangeOrderId: null };
    expect(report).toMatchObject({ status: 'OPEN', filled: '0', average: null, terms: { price, timeInForce: 'GTC' } });
    expect(await port.openOrders(null)).toContainEqual(report);
    expect(await port.openOrders(symbol)).toContainEqual(report);
    const canceled = { status: 'CANCELED', clientOrderId: report.clientOrderId };
    expect(await port.cancelOrder(reference)).toMatchObject({
      kind: 'accepted',
      report: exchange.tellsAtOnce ? canceled : null,
    });
    expect(await port.findOrder(reference)).toMatchObject(canceled);
    expect(await port.cancelOrder(reference)).toEqual({ kind: 'gone' });
    expect(await port.openOrders(symbol)).not.toContainEqual(report);
    expect(
      (await port.ordersSince(symbol, Date.now() - 60_000)).map(({ exchangeOrderId }) => exchangeOrderId),
    ).toContain(report.exchangeOrderId);
  });

  it('tells null of an order that the exchange does not have', async () => {
    expect(await port.findOrder({ symbol, clientOrderId: 'nobody', exchangeOrderId: null })).toBeNull();
  });

  it('tells the balances, what is set aside included', async () => {
    const btc = async () => (await port.balances()).find(({ currency }) => currency === 'BTC')!;
    const before = await btc();
    const report = await accepted({
      type: 'LIMIT',
      side: 'SELL',
      price: await far(),
      amount: decimal('0.01'),
      timeInForce: 'GTC',
    });
    const after = await btc();
    expect(new Decimal(after.used).minus(before.used).toFixed()).toBe('0.01');
    expect(after.total).toBe(before.total);
    await port.cancelOrder({ symbol, clientOrderId: report.clientOrderId!, exchangeOrderId: report.exchangeOrderId });
  });

  it('streams orders, fills and balances from the moment on at which it says that it is connected', async () => {
    const events: AccountEvent[] = [];
    const upstream = port.watch((event) => events.push(event));
    await eventually(() => events.some(({ type }) => type === 'connected'));
    const report = await closed(await accepted({ amount: decimal('0.002') }));
    const told = <Type extends AccountEvent['type']>(type: Type) =>
      events.filter((event): event is Extract<AccountEvent, { type: Type }> => event.type === type);
    const order = await eventually(() =>
      told('order').find(
        (event) => event.report.exchangeOrderId === report.exchangeOrderId && event.report.status === 'CLOSED',
      ),
    );
    expect(order.report).toMatchObject({ clientOrderId: report.clientOrderId, filled: '0.002', terms: report.terms });
    // By trade: the port may repeat what it told.
    const fills = () => new Map(told('fill').map(({ fill }) => [fill.tradeId, fill]));
    await eventually(() => sum(...[...fills().values()].map(({ amount }) => amount)) === '0.002');
    const asked = await port.fillsSince(symbol, Date.now() - 60_000);
    expect([...fills().values()]).toEqual(
      asked
        .filter(({ exchangeOrderId }) => exchangeOrderId === report.exchangeOrderId)
        .map((fill) => ({ ...fill, clientOrderId: report.clientOrderId })),
    );
    // The last word of its balances is what the exchange answers: of several frames that come together, none is lost.
    const there = await port.balances();
    const totalsOf = (balances: readonly ExchangeBalance[] = []) =>
      ['BTC', 'USDT'].map((currency) => balances.find((balance) => balance.currency === currency)?.total);
    await eventually(() => totalsOf(told('balances').at(-1)?.balances).join() === totalsOf(there).join());
    await upstream.close();
    expect(events.filter(({ type }) => type === 'disconnected')).toEqual([]);
  });
});

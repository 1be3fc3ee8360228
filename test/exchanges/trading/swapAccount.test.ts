import { Decimal } from '../../../src/domain/decimal';
import type { OrderTerms } from '../../../src/domain/orders';
import type { AccountEvent, TradingPort } from '../../../src/exchanges/tradingPort';
import { eventually } from '../../kit/eventually';
import { startSimulator, type RunningSimulator } from '../../kit/simulator';
import { decimal, demoCredentials, openAccount, orderTerms } from '../../kit/tradingAccount';

const symbol = 'BTC/USDT:USDT';

describe('an account that trades swaps', () => {
  let simulator: RunningSimulator;
  let port: TradingPort;
  let number = 0;

  beforeAll(async () => {
    simulator = await startSimulator({ seed: 'swaps', args: ['--weight-limit', '1000000'] });
    port = openAccount(simulator, await demoCredentials(simulator, 'trader'));
  });

  afterAll(async () => {
    await port.close();
    await simulator.stop();
  });

  async function accepted(changes: Partial<OrderTerms>) {
    const terms = orderTerms({ symbol, amount: decimal('0.01'), ...changes });
    const outcome = await port.placeOrder({ clientOrderId: `tg-${(number += 1)}`, terms, signedAt: Date.now() });
    if (outcome.kind !== 'accepted') throw new Error(JSON.stringify(outcome));
    return outcome.report;
  }

  async function times(factor: string) {
    const response = await fetch(`${simulator.restUrl}/fapi/v1/ticker/bookTicker?symbol=BTCUSDT`);
    const { bidPrice } = (await response.json()) as { readonly bidPrice: string };
    return decimal(new Decimal(bidPrice).times(factor).toDecimalPlaces(1).toFixed());
  }

  const reference = (report: { readonly clientOrderId: string | null }) => ({
    symbol,
    clientOrderId: report.clientOrderId!,
    exchangeOrderId: null,
  });

  it('opens and closes a position, and tells both by asking and on its stream', async () => {
    expect(await port.positionMode()).toBe('ONE_WAY');
    expect(await port.positions()).toEqual([]);
    const events: AccountEvent[] = [];
    const upstream = port.watch((event) => events.push(event));
    const told = <Type extends AccountEvent['type']>(type: Type) =>
      events.filter((event): event is Extract<AccountEvent, { type: Type }> => event.type === type);
    await eventually(() => told('connected').length === 1);

    const since = Date.now() - 1000;
    const opened = await accepted({ side: 'SELL', amount: decimal('0.02') });
    expect(opened).toMatchObject({
      status: expect.stringMatching(/OPEN|CLOSED/) as string,
      terms: { type: 'MARKET', side: 'SELL' },
    });
    const held = await eventually(async () => (await port.positions())[0]);
    expect(held).toMatchObject({ symbol, side: 'SHORT', amount: '0.02' });
    await eventually(() => told('positions').some(({ positions }) => positions.some((one) => one.amount === '0.02')));
    await eventually(() => told('order').some(({ report }) => report.status === 'CLOSED' && report.filled === '0.02'));
    const fills = await port.fillsSince(symbol, since);
    // Each at least once: the port may repeat what it told.
    expect([...new Set(told('fill').map(({ fill }) => fill.tradeId))]).toEqual(fills.map(({ tradeId }) => tradeId));
    expect(fills.every((fill) => fill.positionSide === null && fill.fees[0]?.currency === 'USDT')).toBe(true);

    await accepted({ side: 'BUY', amount: decimal('0.02'), reduceOnly: true });
    await eventually(async () => (await port.positions()).length === 0);
    await eventually(() => told('balances').length > 0);
    expect(await port.findOrder(reference(opened))).toMatchObject({ status: 'CLOSED', filled: '0.02' });
    // As of one that was not placed here: its executions tell the exchange's id alone.
    const executed = { symbol, clientOrderId: null, exchangeOrderId: opened.exchangeOrderId };
    expect(await port.findOrder(executed)).toMatchObject({ clientOrderId: opened.clientOrderId, filled: '0.02' });
    expect(await port.findOrder({ ...executed, exchangeOrderId: '1' })).toBeNull();
    expect(told('disconnected')).toEqual([]);
    await upstream.close();
  });

  it('places, finds, lists and cancels orders that wait for a price, beside those that do not', async () => {
    const limit = await accepted({ type: 'LIMIT', price: await times('0.97'), timeInForce: 'POST_ONLY' });
    const stop = await accepted({ type: 'STOP', side: 'SELL', triggerPrice: await times('0.9') });
    const profit = await accepted({
      type: 'TAKE_PROFIT_LIMIT',
      side: 'SELL',
      triggerPrice: await times('1.1'),
      price: await times('1.03'),
      timeInForce: 'GTC',
    });
    const trailing = await accepted({ type: 'TRAILING_STOP', side: 'SELL', trailingDelta: decimal('0.015') });
    const all = [limit, stop, profit, trailing];
    expect(all.map(({ terms }) => [terms.type, terms.timeInForce, terms.trailingDelta])).toEqual([
      ['LIMIT', 'POST_ONLY', null],
      ['STOP', null, null],
      ['TAKE_PROFIT_LIMIT', 'GTC', null],
      ['TRAILING_STOP', null, '0.015'],
    ]);
    const ids = (reports: readonly { readonly clientOrderId: string | null }[]) =>
      reports.map((one) => one.clientOrderId).sort();
    expect(ids(await port.openOrders(symbol))).toEqual(ids(all));
    expect(ids(await port.openOrders(null))).toEqual(ids(all));
    expect(ids(await port.ordersSince(symbol, Date.now() - 60_000))).toEqual(expect.arrayContaining(ids(all)));
    for (const report of all) {
      expect(await port.findOrder(reference(report))).toMatchObject({
        exchangeOrderId: report.exchangeOrderId,
        status: 'OPEN',
      });
      expect(await port.cancelOrder(reference(report))).toMatchObject({ kind: 'accepted' });
      expect(await port.findOrder(reference(report))).toMatchObject({ status: 'CANCELED' });
      expect(await port.cancelOrder(reference(report))).toEqual({ kind: 'gone' });
    }
    expect(await port.findOrder({ symbol, clientOrderId: 'nobody', exchangeOrderId: null })).toBeNull();
  });

  it('refuses to send what swaps do not offer, and says what the exchange refuses', async () => {
    const place = (changes: Partial<OrderTerms>) =>
      port.placeOrder({
        clientOrderId: `tg-${(number += 1)}`,
        terms: orderTerms({ symbol, amount: decimal('0.01'), ...changes }),
        signedAt: Date.now(),
      });
    expect(await place({ amount: null, quoteAmount: decimal('100') })).toMatchObject({ code: 'EXCHANGE_REFUSED' });
    expect(await place({ side: 'SELL', reduceOnly: true })).toMatchObject({ code: 'REDUCE_ONLY_REFUSED' });
    expect(await place({ type: 'LIMIT', price: await times('1.02'), timeInForce: 'POST_ONLY' })).toMatchObject({
      code: 'WOULD_TAKE',
    });
    expect(await place({ amount: decimal('100') })).toMatchObject({ code: 'INSUFFICIENT_BALANCE' });
  });

  it('counts the money of both wallets as one', async () => {
    const both = (await port.balances()).find(({ currency }) => currency === 'USDT')!;
    expect(new Decimal(both.total).gt('100000')).toBe(true);
    expect(await port.transfersSince(Date.now() - 60_000)).toEqual([]);
  });
});

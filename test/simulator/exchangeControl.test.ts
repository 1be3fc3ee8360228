import { connectCcxt, type CcxtBinance } from '../kit/ccxtBinance';
import { until } from '../kit/exchangeSocket';
import { startSimulator, type RunningSimulator, type SimulatorState } from '../kit/simulator';

interface Key {
  readonly name: string;
  readonly apiKey: string;
  readonly secret: string;
}

const symbol = 'BTC/USDT';
const market = 'BTCUSDT';

describe('what happens to an exchange from outside', () => {
  let simulator: RunningSimulator;
  let keys: readonly Key[];
  const open: CcxtBinance[] = [];

  beforeAll(async () => {
    simulator = await startSimulator({ seed: 'acts', args: ['--weight-limit', '1000000', '--quiet', market] });
    keys = ((await simulator.state()) as SimulatorState & { accounts: readonly Key[] }).accounts;
  });

  afterEach(async () => {
    await Promise.all(open.splice(0).map((exchange) => exchange.close()));
    // The next test waits for a stream of its own.
    await until(async () => ((await simulator.state()).streams['userData'] ?? 0) === 0, 'no stream is left');
    await simulator.control('POST', 'clock', { offsetMs: 0 });
    await simulator.control('POST', `markets/${market}`, { price: '96000' });
  });

  afterAll(() => simulator.stop());

  async function connect(key: Key | string, config: object = {}): Promise<CcxtBinance> {
    const { apiKey, secret } = typeof key === 'string' ? keys.find(({ name }) => name === key)! : key;
    const exchange = await connectCcxt(simulator, { apiKey, secret, ...config });
    open.push(exchange);
    return exchange;
  }

  const act = (name: string, what: string, body: object) => simulator.control('POST', `accounts/${name}/${what}`, body);
  const call = (name: string, method: string, parameters: object) =>
    act(name, 'calls', { method, path: '/api/v3/order', parameters: { symbol: market, ...parameters } });

  it('opens an account with keys and money of its own', async () => {
    const key = (await simulator.control('POST', 'accounts', { name: 'fresh', balances: { USDT: '12.5' } })) as Key;
    const exchange = await connect(key);
    expect((await exchange.fetchBalance())['USDT']).toMatchObject({ free: '12.50000000', total: '12.5' });
    await expect(simulator.control('POST', 'accounts', { name: 'fresh' })).rejects.toThrow('409');
  });

  it('places and cancels orders that the owner of an account made elsewhere, and its stream tells them', async () => {
    const exchange = await connect('trader');
    const heard = exchange.watchOrders(symbol);
    await until(async () => (await simulator.state()).streams['userData'] === 1, 'the stream is open');
    const limit = { side: 'SELL', type: 'LIMIT', timeInForce: 'GTC', quantity: '0.01', price: '120000' };
    const { orderId } = (await call('trader', 'POST', { ...limit, newClientOrderId: 'elsewhere' })) as {
      orderId: number;
    };
    expect((await heard).at(-1)).toMatchObject({ clientOrderId: 'elsewhere', status: 'open' });
    await call('trader', 'DELETE', { orderId: String(orderId) });
    expect(await exchange.fetchOrder(String(orderId), symbol)).toMatchObject({ status: 'canceled' });
    await expect(call('trader', 'POST', { ...limit, quantity: '500' })).rejects.toThrow('-2010');
    await expect(act('trader', 'calls', { path: '/api/v3/nothing' })).rejects.toThrow('404');
  });

  it('moves money in and out, and makes a balance drift without a word; the ledger knows', async () => {
    const exchange = await connect('second-trader');
    const before = (await exchange.fetchBalance())['ETH']!.free;
    const heard = exchange.watchBalance();
    await until(async () => (await simulator.state()).streams['userData'] === 1, 'the stream is open');
    await act('second-trader', 'balances', { asset: 'ETH', amount: '0.5' });
    expect((await heard)['ETH']!.free).toBe((Number(before) + 0.5).toFixed(8));
    await act('second-trader', 'balances', { asset: 'ETH', amount: '-0.7', reason: 'drift' });
    expect((await exchange.fetchBalance())['ETH']!.free).toBe((Number(before) - 0.2).toFixed(8));
    await expect(act('second-trader', 'balances', { asset: 'ETH', amount: '-1000' })).rejects.toThrow('409');
    const ledger = (await simulator.control('GET', 'ledger?account=second-trader')) as {
      accounts: [{ spot: { transfers: { asset: string; amount: string; reason: string }[]; differences: object[] } }];
    };
    const { transfers, differences } = ledger.accounts[0].spot;
    expect(transfers.filter(({ asset, reason }) => asset === 'ETH' && reason !== 'initial')).toMatchObject([
      { amount: '0.50000000', reason: 'deposit' },
      { amount: '-0.70000000', reason: 'drift' },
    ]);
    expect(differences).toEqual([]);
  });

  it('moves a market: orders on the way are filled, stops are triggered', async () => {
    const exchange = await connect('trader');
    await simulator.control('POST', `markets/${market}`, { price: '96000' });
    const waiting = await exchange.createOrder(symbol, 'limit', 'sell', '0.01', '98000');
    const stop = await exchange.createOrder(symbol, 'market', 'buy', '0.01', undefined, { triggerPrice: '99000' });
    await simulator.control('POST', `markets/${market}`, { price: '100000.5' });
    const shown = await exchange.fetchTrades(symbol, undefined, 1000, { fetchTradesMethod: 'publicGetTrades' });
    expect(shown.map(({ price }) => price)).toContain('100000.50000000');
    expect(await exchange.fetchOrder(waiting.id, symbol)).toMatchObject({ status: 'closed', average: '98000' });
    expect(await exchange.fetchOrder(stop.id, symbol)).toMatchObject({ status: 'closed' });
    expect((await exchange.fetchOrderBook(symbol)).bids.length).toBeGreaterThan(20);
    await expect(simulator.control('POST', `markets/${market}`, { price: '1.001' })).rejects.toThrow('400');
  });

  it('trails a stop behind the price, asked for in percent by ccxt', async () => {
    const exchange = await connect('trader');
    await simulator.control('POST', `markets/${market}`, { price: '96000' });
    const order = await exchange.createOrder(symbol, 'market', 'sell', '0.01', undefined, {
      trailingPercent: '2',
      stopLossOrTakeProfit: 'stopLoss',
    });
    const shown = async () => exchange.fetchOrder(order.id, symbol);
    await simulator.control('POST', `markets/${market}`, { price: '100000' });
    await simulator.control('POST', `markets/${market}`, { price: '98000.01' });
    expect((await shown()).status).toBe('open');
    await simulator.control('POST', `markets/${market}`, { price: '98000' });
    expect((await shown()).status).toBe('closed');
  });

  it('is ahead of or behind its clients as its clock is stepped', async () => {
    const key = keys.find(({ name }) => name === 'trader')!;
    const exchange = await connect(key);
    expect((await exchange.fetchBalance())['BTC']).toBeDefined();
    for (const offsetMs of [30_000, -2000]) {
      await simulator.control('POST', 'clock', { offsetMs });
      expect(Math.abs((await exchange.fetchTime()) - Date.now() - offsetMs)).toBeLessThan(1000);
      await expect(exchange.fetchBalance()).rejects.toMatchObject({ name: 'InvalidNonce' });
    }
    await simulator.control('POST', 'clock', { offsetMs: 30_000 });
    const adjusting = await connect(key, {
      options: {
        adjustForTimeDifference: true,
        defaultType: 'spot',
        fetchMarkets: { types: ['spot'] },
        fetchCurrencies: false,
        fetchMargins: false,
      },
    });
    expect((await adjusting.fetchBalance())['BTC']).toBeDefined();
  });

  it('changes what a key may do at run time', async () => {
    const exchange = await connect('second-trader');
    const asked = () => exchange.sapiGetAccountApiRestrictions();
    expect(await asked()).toMatchObject({
      ipRestrict: true,
      enableWithdrawals: false,
      permitsUniversalTransfer: false,
      enableInternalTransfer: false,
    });
    await act('second-trader', 'permissions', {
      mayWithdraw: true,
      mayTransferUniversally: true,
      isIpRestricted: false,
    });
    expect(await asked()).toMatchObject({ ipRestrict: false, enableWithdrawals: true, permitsUniversalTransfer: true });
    await act('second-trader', 'permissions', { mayTrade: false });
    await expect(exchange.createOrder(symbol, 'market', 'buy', '0.001')).rejects.toThrow();
    expect(await exchange.fetchOrders(symbol)).toEqual([]);
  });

  it('gives an account another key, and knows the one before no more', async () => {
    const before = (await simulator.control('POST', 'accounts', { name: 'robbed', balances: { USDT: '100' } })) as Key;
    const old = await connect(before);
    expect(await old.fetchBalance()).toMatchObject({ USDT: { total: '100' } });
    const after = (await simulator.control('POST', 'accounts/robbed/key', {})) as Key;
    expect(after.apiKey).not.toBe(before.apiKey);
    await expect(old.fetchBalance()).rejects.toThrow('-2015');
    expect(await (await connect(after)).fetchBalance()).toMatchObject({ USDT: { total: '100' } });
  });

  it('pages trades and orders by id and by time, oldest first from a beginning', async () => {
    const key = (await simulator.control('POST', 'accounts', { name: 'paging' })) as Key;
    const exchange = await connect(key);
    const placed: string[] = [];
    for (let i = 0; i < 6; i += 1) placed.push((await exchange.createOrder(symbol, 'market', 'buy', '0.0002')).id);
    const idsOf = (list: readonly { readonly order?: string }[]) => [...new Set(list.map(({ order }) => order))];
    const trades = await exchange.fetchMyTrades(symbol);
    expect(idsOf(trades)).toEqual(placed);
    const from = (params: Readonly<Record<string, unknown>>, limit?: number) =>
      exchange.fetchMyTrades(symbol, undefined, limit, params);
    expect(await from({ fromId: trades[2]!.id }, 2)).toMatchObject([{ id: trades[2]!.id }, { id: trades[3]!.id }]);
    expect(await exchange.fetchMyTrades(symbol, trades[0]!.timestamp, 1)).toMatchObject([{ id: trades[0]!.id }]);
    expect(await exchange.fetchMyTrades(symbol, undefined, 1)).toMatchObject([{ id: trades.at(-1)!.id }]);
    expect(await from({ endTime: trades[0]!.timestamp - 1 })).toEqual([]);
    await expect(from({ startTime: 1, endTime: Date.now() })).rejects.toThrow('-1127');
  });

  it.each([
    ['an account that is not there', 'accounts/nobody/permissions', {}, '404'],
    ['a market that is not there', 'markets/NOPE', { price: '1' }, '404'],
    ['a permission that is none', 'accounts/trader/permissions', { mayDance: true }, '400'],
    ['an amount that is none', 'accounts/trader/balances', { asset: 'BTC', amount: 'much' }, '400'],
    ['an offset of a week', 'clock', { offsetMs: 604_800_000 }, '400'],
  ])('refuses %s', async (_what, path, body, status) => {
    await expect(simulator.control('POST', path, body)).rejects.toThrow(status);
  });
});

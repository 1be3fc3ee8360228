import { connectUsdm, type CcxtPosition, type CcxtUsdm } from '../kit/ccxtUsdm';
import { until } from '../kit/exchangeSocket';
import { startSimulator, type RunningSimulator } from '../kit/simulator';

interface Key {
  readonly apiKey: string;
  readonly secret: string;
}

interface Ledger {
  readonly wallet: string;
  readonly orders: readonly { readonly clientOrderId: string; readonly status: string; readonly type: string }[];
  readonly trades: readonly { readonly realizedPnl: string; readonly commission: string }[];
  readonly positions: readonly { readonly positionAmt: string; readonly positionSide: string }[];
  readonly income: readonly { readonly incomeType: string; readonly income: string }[];
  readonly differences: readonly object[];
}

const symbol = 'BTC/USDT:USDT';
const market = 'BTCUSDT';

describe('trading USD-M futures through unmodified ccxt.pro', () => {
  let simulator: RunningSimulator;
  let exchange: CcxtUsdm;
  let name: string;
  let accounts = 0;
  const open: CcxtUsdm[] = [];

  beforeAll(async () => {
    const args = ['--weight-limit', '1000000', '--quiet', market];
    simulator = await startSimulator({ seed: 'futures', args });
  });

  beforeEach(async () => {
    name = `futures-${(accounts += 1)}`;
    exchange = await connect((await simulator.control('POST', 'accounts', { name })) as Key);
    await move('96000');
  });

  afterEach(async () => {
    await Promise.all(open.splice(0).map((other) => other.close()));
    await simulator.control('POST', `markets/${market}/mark-price`, {});
  });

  afterAll(() => simulator.stop());

  async function connect({ apiKey, secret }: Key): Promise<CcxtUsdm> {
    const connected = await connectUsdm(simulator, { apiKey, secret });
    open.push(connected);
    return connected;
  }

  const move = (price: string) => simulator.control('POST', `markets/${market}`, { part: 'usdm', price });
  const mark = (price: string) => simulator.control('POST', `markets/${market}/mark-price`, { price });
  const buy = (amount: string, params: object = {}) =>
    exchange.createOrder(symbol, 'market', 'buy', amount, undefined, { ...params });
  const sell = (amount: string, params: object = {}) =>
    exchange.createOrder(symbol, 'market', 'sell', amount, undefined, { ...params });
  const positions = () => exchange.fetchPositions([symbol]);

  async function ledger(): Promise<Ledger> {
    const { accounts: list } = (await simulator.control('GET', `ledger?account=${name}`)) as {
      accounts: [{ usdm: Ledger }];
    };
    expect(list[0].usdm.differences).toEqual([]);
    return list[0].usdm;
  }

  it('opens, enlarges, reduces and turns a position at average cost, and the wallet explains itself', async () => {
    await buy('0.010');
    await buy('0.010');
    expect(await positions()).toMatchObject([{ side: 'long', contracts: '0.02', hedged: false }]);
    await move('97000');
    await sell('0.015');
    expect(await positions()).toMatchObject([{ side: 'long', contracts: '0.005' }]);
    await sell('0.025');
    expect(await positions()).toMatchObject([{ side: 'short', contracts: '0.02' }]);
    const { wallet, income, trades } = await ledger();
    const gained = trades.reduce((total, { realizedPnl }) => total + units(realizedPnl), 0n);
    const paid = trades.reduce((total, { commission }) => total + units(commission), 0n);
    expect(gained).toBeGreaterThan(15n * unit);
    expect(units(wallet)).toBe(10_000n * unit + gained - paid);
    expect(sumOf(income, 'REALIZED_PNL')).toBe(gained);
    expect(sumOf(income, 'COMMISSION')).toBe(-paid);
    const { info } = (await exchange.fetchBalance()) as unknown as { info: { totalWalletBalance: string } };
    expect(info.totalWalletBalance).toBe(wallet);
  });

  it('tells orders, trades and positions over the private stream', async () => {
    const heard = [exchange.watchOrders(symbol), exchange.watchMyTrades(symbol), exchange.watchPositions([symbol])];
    const subscribed = async () => (await simulator.state()).streams['fstream/userData'] === 1;
    await until(subscribed, 'the stream is open');
    const order = await buy('0.01', { clientOrderId: 'streamed' });
    const [orders, trades] = (await Promise.all(heard)) as [
      { id: string; clientOrderId: string }[],
      { order: string; fee: object }[],
      readonly CcxtPosition[],
    ];
    expect(orders.at(-1)).toMatchObject({ id: order.id, clientOrderId: 'streamed' });
    expect(trades.at(-1)).toMatchObject({ order: order.id, takerOrMaker: 'taker', fee: { currency: 'USDT' } });
    await sell('0.004');
    // Each execution tells the position anew; ccxt keeps what was told last.
    const told = (): readonly CcxtPosition[] => Object.values(exchange.positions).flatMap((one) => [...one]);
    await until(() => told().some(({ contracts }) => contracts === '0.006'), 'all of the sale is told');
    expect(told()).toMatchObject([{ symbol, side: 'long', contracts: '0.006' }]);
  });

  it('finds, lists and cancels orders by either id', async () => {
    const limit = await exchange.createOrder(symbol, 'limit', 'buy', '0.01', '95000', { clientOrderId: 'mine' });
    expect(await exchange.fetchOpenOrders(symbol)).toMatchObject([
      { id: limit.id, clientOrderId: 'mine', status: 'open' },
    ]);
    expect(await exchange.fetchOrder(undefined, symbol, { clientOrderId: 'mine' })).toMatchObject({ id: limit.id });
    expect(await exchange.cancelOrder(undefined as unknown as string, symbol, { clientOrderId: 'mine' })).toMatchObject(
      {
        status: 'canceled',
      },
    );
    await exchange.createOrder(symbol, 'limit', 'buy', '0.01', '94000');
    await exchange.cancelAllOrders(symbol);
    expect(await exchange.fetchOpenOrders(symbol)).toEqual([]);
    expect((await exchange.fetchOrders(symbol)).map(({ status }) => status)).toEqual(['canceled', 'canceled']);
    await expect(exchange.fetchOrder(undefined, symbol, { clientOrderId: 'none' })).rejects.toMatchObject({
      name: 'OrderNotFound',
    });
  });

  it.each([
    [
      'a price between two ticks',
      -4014,
      { side: 'BUY', type: 'LIMIT', timeInForce: 'GTC', quantity: '0.01', price: '95000.05' },
    ],
    ['an amount between two lots', -1111, { side: 'BUY', type: 'MARKET', quantity: '0.0005' }],
    [
      'too small a notional',
      -4164,
      { side: 'BUY', type: 'LIMIT', timeInForce: 'GTC', quantity: '0.001', price: '95000.0' },
    ],
    [
      'a bid far above the mark price',
      -4016,
      { side: 'BUY', type: 'LIMIT', timeInForce: 'GTC', quantity: '0.01', price: '110000.0' },
    ],
    [
      'an offer far below it',
      -4024,
      { side: 'SELL', type: 'LIMIT', timeInForce: 'GTC', quantity: '0.01', price: '80000.0' },
    ],
    ['more than the margin carries', -2019, { side: 'BUY', type: 'MARKET', quantity: '10' }],
    ['to reduce what is not there', -2022, { side: 'SELL', type: 'MARKET', quantity: '0.01', reduceOnly: 'true' }],
    [
      'a post-only order that takes',
      -5022,
      { side: 'BUY', type: 'LIMIT', timeInForce: 'GTX', quantity: '0.01', price: '97000.0' },
    ],
    [
      'a side of a hedge in one-way mode',
      -4061,
      { side: 'BUY', type: 'MARKET', quantity: '0.01', positionSide: 'LONG' },
    ],
    [
      'a conditional order at the plain endpoint',
      -4120,
      { side: 'BUY', type: 'STOP_MARKET', quantity: '0.01', stopPrice: '99000' },
    ],
    ['an order without a quantity', -1102, { side: 'BUY', type: 'MARKET' }],
  ])('refuses %s with %i', async (_what, code, parameters) => {
    const call = { method: 'POST', path: '/fapi/v1/order', parameters: { symbol: market, ...parameters } };
    await expect(simulator.control('POST', `accounts/${name}/calls`, call)).rejects.toThrow(`${code}`);
    expect((await ledger()).orders).toEqual([]);
  });

  it('lets a reduce-only order shrink with its position, and expire with it', async () => {
    await buy('0.02');
    const resting = await exchange.createOrder(symbol, 'limit', 'sell', '0.02', '99000', { reduceOnly: true });
    await sell('0.005');
    expect(await exchange.fetchOrder(resting.id, symbol)).toMatchObject({ amount: '0.015', status: 'open' });
    await sell('0.015', { reduceOnly: true });
    expect(await exchange.fetchOrder(resting.id, symbol)).toMatchObject({ status: 'expired' });
    expect(await positions()).toEqual([]);
  });

  it('holds a long and a short beside each other in hedge mode, and refuses to close more than there is', async () => {
    await exchange.setPositionMode(true);
    expect(await exchange.fetchPositionMode()).toMatchObject({ hedged: true });
    await buy('0.02', { positionSide: 'LONG' });
    await sell('0.01', { positionSide: 'SHORT' });
    const held = await positions();
    expect(held.map(({ side, contracts, hedged }) => [side, contracts, hedged]).sort()).toEqual([
      ['long', '0.02', true],
      ['short', '0.01', true],
    ]);
    await expect(sell('0.03', { positionSide: 'LONG' })).rejects.toThrow('-2022');
    await sell('0.02', { positionSide: 'LONG' });
    await buy('0.01', { positionSide: 'SHORT' });
    expect(await positions()).toEqual([]);
    await exchange.setPositionMode(false);
  });

  describe('conditional orders', () => {
    it('wait under an id of their own and become an order when the price is reached', async () => {
      await buy('0.01');
      const stop = await sell('0.01', { stopLossPrice: '95000', reduceOnly: true, clientOrderId: 'stop-1' });
      expect(await exchange.fetchOpenOrders(symbol)).toEqual([]);
      const shown = async () => exchange.fetchOrder(stop.id, symbol, { trigger: true });
      expect(await shown()).toMatchObject({ status: 'open', clientOrderId: 'stop-1', triggerPrice: '95000.0' });
      await move('95000.1');
      expect(await shown()).toMatchObject({ status: 'open' });
      await move('95000');
      expect(await shown()).toMatchObject({ status: 'closed', info: { algoStatus: 'FINISHED' } });
      const { info } = (await shown()) as unknown as { info: { actualOrderId: string } };
      expect(await exchange.fetchOrder(info.actualOrderId, symbol)).toMatchObject({
        status: 'closed',
        clientOrderId: 'stop-1',
        info: { origType: 'STOP_MARKET' },
      });
      expect(await positions()).toEqual([]);
    });

    it('trail behind the price', async () => {
      await buy('0.01');
      const trailing = await sell('0.01', { trailingPercent: '1', reduceOnly: true });
      const status = async () => (await exchange.fetchOrder(trailing.id, symbol, { trigger: true })).status;
      await move('98000');
      await move('97020.1');
      expect(await status()).toBe('open');
      await move('97020');
      expect(await status()).toBe('closed');
      expect(await positions()).toEqual([]);
    });

    it('are listed and cancelled apart from plain orders, one or all', async () => {
      const stop = await buy('0.01', { stopLossPrice: '99000' });
      const profit = await exchange.createOrder(symbol, 'limit', 'buy', '0.01', '93000', { takeProfitPrice: '94000' });
      const listed = await exchange.fetchOpenOrders(symbol, undefined, undefined, { trigger: true });
      expect(listed.map(({ id }) => id)).toEqual([stop.id, profit.id]);
      await exchange.cancelOrder(stop.id, symbol, { trigger: true });
      await exchange.cancelAllOrders(symbol, { trigger: true });
      expect(await exchange.fetchOpenOrders(symbol, undefined, undefined, { trigger: true })).toEqual([]);
    });

    it('are refused where they would be triggered at once', async () => {
      await expect(buy('0.01', { stopLossPrice: '90000' })).rejects.toThrow('-2021');
    });
  });

  it('charges longs and pays shorts their share of the notional when there is funding', async () => {
    await buy('0.1');
    await mark('96000');
    await simulator.control('POST', `markets/${market}/funding`, { rate: '0.0003' });
    // 0.1 × 96,000 × 0.03 %
    expect(await exchange.fetchFundingHistory(symbol)).toMatchObject([{ symbol, amount: '-2.88000000' }]);
    await sell('0.2');
    await simulator.control('POST', `markets/${market}/funding`, { rate: '0.0003' });
    expect((await exchange.fetchFundingHistory(symbol)).at(-1)).toMatchObject({ amount: '2.88000000' });
    expect(sumOf((await ledger()).income, 'FUNDING_FEE')).toBe(0n);
    expect((await exchange.fetchFundingRateHistory(symbol)).at(-1)).toMatchObject({ fundingRate: '0.00030000' });
  });

  it('liquidates where the mark price passes the liquidation price, not before', async () => {
    await exchange.setLeverage(50, symbol);
    await buy('2');
    const [position] = await positions();
    const liquidation = Number(position!.liquidationPrice);
    expect(liquidation).toBeGreaterThan(90_000);
    expect(liquidation).toBeLessThan(Number(position!.entryPrice));
    await mark((liquidation + 1).toFixed(2));
    expect(await positions()).toHaveLength(1);
    await mark((liquidation - 1).toFixed(2));
    expect(await positions()).toEqual([]);
    const { orders, wallet } = await ledger();
    expect(orders.at(-1)).toMatchObject({ status: 'FILLED', type: 'LIQUIDATION' });
    expect(orders.at(-1)!.clientOrderId).toMatch(/^autoclose-/);
    expect(units(wallet)).toBeGreaterThanOrEqual(0n);
  });

  it('never leaves a wallet below zero after a crash', async () => {
    await exchange.setLeverage(50, symbol);
    await buy('2');
    await move('70000');
    await until(async () => (await positions()).length === 0, 'it is liquidated');
    const { income, wallet } = await ledger();
    expect(wallet).toBe('0.00000000');
    expect(sumOf(income, 'INSURANCE_CLEAR')).toBeGreaterThan(0n);
  });

  it('moves margin in and out from outside', async () => {
    const transfer = (amount: string) =>
      simulator.control('POST', `accounts/${name}/balances`, { wallet: 'usdm', asset: 'USDT', amount });
    await transfer('250.5');
    expect((await exchange.fetchBalance())['USDT']!.total).toBe('10250.50000000');
    await expect(transfer('-20000')).rejects.toThrow('409');
    expect((await exchange.fetchLedger('USDT')).at(-1)).toMatchObject({ type: 'transfer', amount: '250.50000000' });
  });

  it('refuses orders of a key that may not trade futures', async () => {
    await simulator.control('POST', `accounts/${name}/permissions`, { mayTradeFutures: false });
    await expect(buy('0.01')).rejects.toThrow();
    expect((await ledger()).orders).toEqual([]);
  });
});

const unit = 100_000_000n;

function units(text: string): bigint {
  const [whole = '', fraction = ''] = text.replace('-', '').split('.');
  const value = BigInt(whole + fraction.padEnd(8, '0'));
  return text.startsWith('-') ? -value : value;
}

function sumOf(income: Ledger['income'], type: string): bigint {
  return income
    .filter(({ incomeType }) => incomeType === type)
    .reduce((total, entry) => total + units(entry.income), 0n);
}

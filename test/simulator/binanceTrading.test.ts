import { createHmac } from 'node:crypto';
import { connectCcxt, type CcxtBinance } from '../kit/ccxtBinance';
import { openExchangeSocket, until } from '../kit/exchangeSocket';
import { startSimulator, type RunningSimulator, type SimulatorState } from '../kit/simulator';

const symbol = 'BTC/USDT';

interface Key {
  readonly name: string;
  readonly apiKey: string;
  readonly secret: string;
}

describe('trading on Binance through unmodified ccxt.pro', () => {
  let simulator: RunningSimulator;
  let keys: readonly Key[];
  let exchange: CcxtBinance;
  let last: number;
  const others: CcxtBinance[] = [];

  beforeAll(async () => {
    simulator = await startSimulator({ seed: 'trading', args: ['--weight-limit', '1000000'] });
    keys = ((await simulator.state()) as SimulatorState & { accounts: readonly Key[] }).accounts;
    exchange = await connect('trader');
    last = Number((await exchange.fetchTicker(symbol)).last);
  });

  afterEach(async () => {
    await simulator.control('DELETE', 'faults');
    await Promise.all(others.splice(0).map((other) => other.close()));
  });

  afterAll(async () => {
    await exchange.close();
    await simulator.stop();
  });

  function keyOf(name: string): Key {
    return keys.find((key) => key.name === name)!;
  }

  async function connect(name: string, config: object = {}): Promise<CcxtBinance> {
    const { apiKey, secret } = keyOf(name);
    return connectCcxt(simulator, { apiKey, secret, ...config });
  }

  async function connectOther(name: string, config: object = {}): Promise<CcxtBinance> {
    const other = await connect(name, config);
    others.push(other);
    return other;
  }

  const far = () => (last * 1.2).toFixed(2);

  it('buys at market, tells fills, fees and balances that agree to the last digit, and shows the trades to everyone', async () => {
    const before = await exchange.fetchBalance();
    const order = await exchange.createOrder(symbol, 'market', 'buy', '0.05');
    expect(order).toMatchObject({ status: 'closed', filled: '0.05000000', remaining: '0' });
    const mine = (await exchange.fetchMyTrades(symbol)).filter((trade) => trade.order === order.id);
    const after = await exchange.fetchBalance();
    const spent = sum(mine.map((trade) => trade.cost));
    const fees = sum(mine.map((trade) => trade.fee!.cost));
    expect(units(before['USDT']!.free) - units(after['USDT']!.free)).toBe(spent);
    expect(units(order.cost)).toBe(spent);
    expect(units(after['BTC']!.free) - units(before['BTC']!.free)).toBe(5_000_000n - fees);
    expect(new Set(mine.map((trade) => trade.takerOrMaker))).toEqual(new Set(['taker']));
    const shown = await exchange.fetchTrades(symbol, undefined, 1000, { fetchTradesMethod: 'publicGetTrades' });
    expect(shown.filter(({ id }) => mine.some((trade) => trade.id === id))).toHaveLength(mine.length);
  });

  it('opens, finds, lists and cancels a limit order by the client’s own id', async () => {
    const order = await exchange.createOrder(symbol, 'limit', 'sell', '0.01', far(), { clientOrderId: 'by-me-1' });
    expect(order).toMatchObject({ status: 'open', clientOrderId: 'by-me-1' });
    expect(await exchange.fetchOrder(undefined, symbol, { origClientOrderId: 'by-me-1' })).toMatchObject({
      id: order.id,
    });
    expect((await exchange.fetchOpenOrders(symbol)).map(({ id }) => id)).toContain(order.id);
    expect((await exchange.fetchBalance())['BTC']!.used).toBe('0.01000000');
    expect(await exchange.cancelOrder(order.id, symbol)).toMatchObject({ status: 'canceled' });
    expect((await exchange.fetchBalance())['BTC']!.used).toBe('0.00000000');
    expect((await exchange.fetchOrders(symbol)).find(({ id }) => id === order.id)).toMatchObject({
      status: 'canceled',
    });
  });

  it('books the maker of a trade as the maker, whoever takes', async () => {
    const taker = await connectOther('second-trader');
    const { bid } = (await exchange.fetchBidsAsks([symbol]))[symbol]!;
    const order = await exchange.createOrder(symbol, 'limit', 'sell', '0.0005', (Number(bid) + 0.01).toFixed(2));
    await until(async () => {
      if ((await exchange.fetchOrder(order.id, symbol)).status === 'closed') return true;
      await taker.createOrder(symbol, 'market', 'buy', '0.002');
      return false;
    }, 'somebody has bought');
    const [trade] = (await exchange.fetchMyTrades(symbol)).filter(({ order: id }) => id === order.id);
    expect(trade).toMatchObject({ takerOrMaker: 'maker', fee: { currency: 'USDT' } });
  });

  it('streams orders, trades and balances as they change', async () => {
    const stream = await connectOther('second-trader');
    const heard = [stream.watchOrders(symbol), stream.watchMyTrades(symbol), stream.watchBalance()] as const;
    await until(async () => (await simulator.state()).streams['userData'] === 1, 'the stream is open');
    const before = units((await stream.fetchBalance())['BTC']!.free);
    const order = await stream.createOrder(symbol, 'market', 'buy', '0.0001');
    const [orders, trades, balance] = await Promise.all(heard);
    expect(orders.at(-1)).toMatchObject({ id: order.id });
    expect(trades.at(-1)).toMatchObject({ order: order.id, side: 'buy' });
    expect(units(balance['BTC']!.free) - before).toBe(9990n);
    const next = stream.watchOrders(symbol);
    const open = await stream.createOrder(symbol, 'limit', 'sell', '0.01', far());
    expect((await next).at(-1)).toMatchObject({ id: open.id, status: 'open' });
    const gone = stream.watchOrders(symbol);
    await stream.cancelOrder(open.id, symbol);
    expect((await gone).at(-1)).toMatchObject({ id: open.id, status: 'canceled' });
  });

  it('accepts an order whose answer is lost: asking by client id finds it', async () => {
    await simulator.control('POST', 'faults', { kind: 'reply-lost', path: '/api/v3/order', method: 'POST', count: 1 });
    const hasty = await connectOther('second-trader', { timeout: 400 });
    const lost = hasty.createOrder(symbol, 'market', 'buy', '0.0002', undefined, { clientOrderId: 'lost-1' });
    await expect(lost).rejects.toMatchObject({ name: 'RequestTimeout' });
    expect(await hasty.fetchOrder(undefined, symbol, { origClientOrderId: 'lost-1' })).toMatchObject({
      status: 'closed',
      filled: '0.00020000',
    });
  });

  it('does not carry out an order that it refuses with 429', async () => {
    const count = (await exchange.fetchOrders(symbol)).length;
    await simulator.control('POST', 'faults', { kind: 'rate-limit', path: '/api/v3/order', method: 'POST', count: 1 });
    await expect(exchange.createOrder(symbol, 'market', 'buy', '0.001')).rejects.toMatchObject({
      name: 'DDoSProtection',
    });
    expect(await exchange.fetchOrders(symbol)).toHaveLength(count);
  });

  it.each([
    [
      'a second open order with its client id',
      async () => {
        const params = { clientOrderId: 'twice' };
        await exchange.createOrder(symbol, 'limit', 'sell', '0.01', far(), params);
        await exchange.createOrder(symbol, 'limit', 'sell', '0.01', far(), params);
      },
      -2010,
    ],
    ['more than there is', () => exchange.createOrder(symbol, 'limit', 'buy', '20', (last * 0.9).toFixed(2)), -2010],
    [
      'a post-only order that takes',
      () => exchange.createOrder(symbol, 'limit', 'buy', '0.001', far(), { postOnly: true }),
      -2010,
    ],
    ['a price too far away', () => exchange.createOrder(symbol, 'limit', 'buy', '0.01', (last / 6).toFixed(2)), -1013],
    ['too small a cost', () => exchange.createOrder(symbol, 'limit', 'buy', '0.00001', last.toFixed(2)), -1013],
    ['an order that is not there', () => exchange.fetchOrder('1', symbol), -2013],
    ['to cancel what is not there', () => exchange.cancelOrder('1', symbol), -2011],
  ])('refuses %s', async (_what, run, code) => {
    const failure = await (run as () => Promise<unknown>)().then(
      () => null,
      (error: unknown) => error,
    );
    expect(codeOf(failure)).toBe(code);
  });

  /** ccxt rewrites some messages: where it does, its class stands for the code. */
  function codeOf(error: unknown): number {
    const { name, message } = error as Error;
    const code = /"code":(-\d+)/.exec(message)?.[1];
    if (code !== undefined) return Number(code);
    const known: Record<string, number> = {
      InsufficientFunds: -2010,
      OrderImmediatelyFillable: -2010,
      OrderNotFound: -2013,
    };
    return message.startsWith('binance Filter failure') ? -1013 : (known[name] ?? 0);
  }

  it('tells what a key may do, and refuses orders of one that may only read', async () => {
    const reader = await connectOther('reader');
    expect(await reader.sapiGetAccountApiRestrictions()).toMatchObject({
      enableReading: true,
      enableSpotAndMarginTrading: false,
    });
    expect((await reader.fetchBalance())['USDT']!.free).toBe('100000.00000000');
    // An instance of its own: where a call has worked before, ccxt takes the same refusal for a ban.
    const fresh = await connectOther('reader');
    await expect(fresh.createOrder(symbol, 'market', 'buy', '0.01')).rejects.toMatchObject({
      name: 'AuthenticationError',
    });
    const withdrawer = await connectOther('withdrawer');
    expect(await withdrawer.sapiGetAccountApiRestrictions()).toMatchObject({ enableWithdrawals: true });
  });

  describe('signatures', () => {
    async function call(query: string, options: { key?: string; secret?: string; method?: string } = {}) {
      const { apiKey, secret } = keyOf('trader');
      const signature = createHmac('sha256', options.secret ?? secret)
        .update(query)
        .digest('hex');
      const response = await fetch(`${simulator.restUrl}/api/v3/account?${query}&signature=${signature}`, {
        headers: options.key === '' ? {} : { 'X-MBX-APIKEY': options.key ?? apiKey },
      });
      const body = (await response.json()) as { code?: number };
      return [response.status, body.code];
    }
    const now = (offsetMs = 0) => `timestamp=${Date.now() + offsetMs}`;

    it('takes a signed call within its window', async () => {
      expect(await call(now())).toEqual([200, undefined]);
      expect(await call(`recvWindow=60000&${now(-30_000)}`)).toEqual([200, undefined]);
    });

    it.each([
      ['without a key', () => call(now(), { key: '' }), 401, -2014],
      ['with an unknown key', () => call(now(), { key: 'x' }), 401, -2015],
      ['with a wrong secret', () => call(now(), { secret: 'x' }), 400, -1022],
      ['without a timestamp', () => call('a=1'), 400, -1102],
      ['that is too old', () => call(now(-6000)), 400, -1021],
      ['that is too old for its own window', () => call(`recvWindow=100&${now(-1000)}`), 400, -1021],
      ['from the future', () => call(now(2000)), 400, -1021],
      ['with too wide a window', () => call(`recvWindow=60001&${now()}`), 400, -1131],
    ])('refuses a call %s', async (_what, run, status, code) => {
      expect(await run()).toEqual([status, code]);
    });

    it('refuses a subscription to account events that is not signed, and keeps the socket', async () => {
      const socket = await openExchangeSocket(`${simulator.wsUrl}/ws-api/v3`);
      const params = { apiKey: keyOf('trader').apiKey, timestamp: Date.now(), signature: '00' };
      socket.send({ id: 1, method: 'userDataStream.subscribe.signature', params });
      expect(JSON.parse(await socket.next())).toMatchObject({ id: 1, status: 400, error: { code: -1022 } });
      socket.send({ id: 2, method: 'ping' });
      expect(JSON.parse(await socket.next())).toMatchObject({ id: 2, status: 200, result: {} });
      await socket.close();
    });
  });

  it.each([
    ['no side', 'type=MARKET&quantity=1', -1102],
    ['a side that is none', 'side=HOLD&type=MARKET&quantity=1', -1117],
    ['a type that is none', 'side=BUY&type=DANCE&quantity=1', -1116],
    ['a limit without a price', 'side=BUY&type=LIMIT&timeInForce=GTC&quantity=1', -1102],
    ['a time in force that is none', 'side=BUY&type=LIMIT&timeInForce=XXX&quantity=1&price=1', -1115],
    ['a price at market', 'side=BUY&type=MARKET&quantity=1&price=1', -1106],
    ['both amount and cost', 'side=BUY&type=MARKET&quantity=1&quoteOrderQty=1', -1128],
    ['neither amount nor cost', 'side=BUY&type=MARKET', -1102],
    ['a stop without its price', 'side=SELL&type=STOP_LOSS&quantity=1', -1102],
    ['nine decimals', 'side=BUY&type=MARKET&quantity=0.123456789', -1111],
    ['a negative amount', 'side=BUY&type=MARKET&quantity=-1', -1100],
    ['an exponent', 'side=BUY&type=MARKET&quantity=1e3', -1100],
    ['a client id with a blank', 'side=BUY&type=MARKET&quantity=1&newClientOrderId=a%20b', -1100],
    ['a client id of 37 characters', `side=BUY&type=MARKET&quantity=1&newClientOrderId=${'a'.repeat(37)}`, -1100],
    ['a market that is not listed', 'symbol=NOPE&side=BUY&type=MARKET&quantity=1', -1121],
  ])('refuses an order with %s', async (_what, order, code) => {
    const { apiKey, secret } = keyOf('trader');
    const body = `${order.startsWith('symbol') ? '' : 'symbol=BTCUSDT&'}${order}&timestamp=${Date.now()}`;
    const signature = createHmac('sha256', secret).update(body).digest('hex');
    for (const path of ['order', 'order/test']) {
      const response = await fetch(`${simulator.restUrl}/api/v3/${path}`, {
        method: 'POST',
        headers: { 'X-MBX-APIKEY': apiKey, 'Content-Type': 'application/x-www-form-urlencoded' },
        body: `${body}&signature=${signature}`,
      });
      expect(await response.json()).toMatchObject({ code });
    }
  });
});

function units(text: string): bigint {
  const [whole = '', fraction = ''] = text.split('.');
  return BigInt(whole + fraction.padEnd(8, '0'));
}

function sum(texts: readonly string[]): bigint {
  return texts.reduce((total, text) => total + units(text), 0n);
}

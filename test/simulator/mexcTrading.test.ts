import { createHmac } from 'node:crypto';
import { eventually } from '../kit/eventually';
import { MexcSocket } from '../kit/mexcSocket';
import { startSimulator, type RunningSimulator } from '../kit/simulator';

interface Answer {
  readonly status: number;
  readonly body: unknown;
}
interface Key {
  readonly name: string;
  readonly apiKey: string;
  readonly secret: string;
}
interface Ledger {
  readonly accounts: readonly {
    readonly spot: {
      readonly differences: readonly unknown[];
      readonly trades: readonly { readonly commission: string }[];
    };
    readonly repeatedClientIds: readonly unknown[];
  }[];
}

const market = { symbol: 'BTCUSDT', side: 'BUY', type: 'MARKET', quantity: '0.01' };

describe('the signed half of MEXC spot', () => {
  let simulator: RunningSimulator;
  let keys: readonly Key[];

  beforeAll(async () => {
    simulator = await startSimulator({ seed: 'mexc-signed' });
    ({ accounts: keys } = (await simulator.state()) as unknown as { readonly accounts: readonly Key[] });
  });

  afterAll(() => simulator.stop());

  const keyOf = (name: string) => keys.find((key) => key.name === name)!;

  async function call(
    method: string,
    path: string,
    fields: object,
    key: Partial<Key> = keyOf('trader'),
  ): Promise<Answer> {
    const query = new URLSearchParams({ timestamp: String(Date.now()), ...fields }).toString();
    const signature = createHmac('sha256', key.secret ?? '')
      .update(query)
      .digest('hex');
    const response = await fetch(`${simulator.restUrl}/mexc/api/v3/${path}?${query}&signature=${signature}`, {
      method,
      headers: key.apiKey === undefined ? {} : { 'X-MEXC-APIKEY': key.apiKey },
    });
    return { status: response.status, body: await response.json() };
  }

  it.each<[number, string, object, (trader: Key, reader: Key) => Partial<Key>]>([
    [400, 'no key', {}, () => ({})],
    [10_072, 'an unknown key', {}, (trader) => ({ ...trader, apiKey: 'mx0nobody' })],
    [700_002, 'another secret', {}, (trader) => ({ ...trader, secret: 'wrong' })],
    [700_003, 'an old signature', { timestamp: String(Date.now() - 60_000) }, (trader) => trader],
    [700_003, 'a signature that is ahead', { timestamp: String(Date.now() + 600_000) }, (trader) => trader],
    [700_005, 'a window that is too long', { recvWindow: '60001' }, (trader) => trader],
    [700_007, 'a key that only reads', {}, (_trader, reader) => reader],
    [700_004, 'no amount', { quantity: '' }, (trader) => trader],
    [700_008, 'a type that is not offered', { type: 'STOP_LOSS', stopPrice: '1' }, (trader) => trader],
    [700_008, 'a client id that is too long', { newClientOrderId: 'x'.repeat(33) }, (trader) => trader],
    [-1121, 'a market that is not listed', { symbol: 'NOPE' }, (trader) => trader],
    [30_002, 'too little', { quantity: '0.00001' }, (trader) => trader],
    [30_004, 'more than there is', { side: 'SELL', quantity: '50' }, (trader) => trader],
  ])('refuses an order with %i for %s', async (code, _what, fields, keyFrom) => {
    const key = keyFrom(keyOf('trader'), keyOf('reader'));
    const answer = await call('POST', 'order', { ...market, ...fields }, key);
    expect(answer).toEqual({ status: 400, body: { code, msg: expect.any(String) as string, _extend: null } });
  });

  it('answers an order with its id alone, and tells by asking what came of it', async () => {
    const placed = await call('POST', 'order', { ...market, newClientOrderId: 'mine' });
    const { orderId } = placed.body as { readonly orderId: string };
    expect(placed.body).toEqual({
      symbol: 'BTCUSDT',
      orderId: expect.stringMatching(/^C02__\d+$/) as string,
      orderListId: -1,
      price: '0',
      origQty: '0.01',
      type: 'MARKET',
      side: 'BUY',
      transactTime: expect.any(Number) as number,
    });
    for (const name of [{ orderId }, { origClientOrderId: 'mine' }]) {
      const { body } = await call('GET', 'order', { symbol: 'BTCUSDT', ...name });
      expect(body).toMatchObject({ orderId, clientOrderId: 'mine', status: 'FILLED', executedQty: '0.01' });
    }
    const { body: trades } = await call('GET', 'myTrades', { symbol: 'BTCUSDT', orderId });
    expect((trades as { readonly clientOrderId: string }[])[0]).toMatchObject({ orderId, clientOrderId: 'mine' });
    const unknown = await call('GET', 'order', { symbol: 'BTCUSDT', orderId: 'C02__1' });
    expect(unknown.body).toMatchObject({ code: -2013 });
    expect((await call('DELETE', 'order', { symbol: 'BTCUSDT', orderId })).body).toMatchObject({ code: -2011 });
  });

  it('tells no history that is older than it says', async () => {
    const days = (count: number) => ({ symbol: 'BTCUSDT', startTime: String(Date.now() - count * 86_400_000) });
    expect((await call('GET', 'allOrders', days(6))).status).toBe(200);
    expect((await call('GET', 'allOrders', days(8))).body).toMatchObject({ code: 400 });
    expect((await call('GET', 'myTrades', days(29))).status).toBe(200);
    expect((await call('GET', 'myTrades', days(31))).body).toMatchObject({ code: 400 });
    expect((await call('GET', 'capital/deposit/hisrec', days(8))).body).toMatchObject({ code: 400 });
  });

  it('tells an account’s events on three channels, to whoever has its listen key', async () => {
    const stranger = await MexcSocket.open(`${simulator.wsUrl}/mexc/ws`);
    const channel = 'spot@private.orders.v3.api.pb';
    expect(await stranger.subscribe(channel)).toMatchObject({
      msg: expect.stringContaining('Not Subscribed') as string,
    });
    stranger.close();

    const { body } = await call('POST', 'userDataStream', {});
    const { listenKey } = body as { readonly listenKey: string };
    const socket = await MexcSocket.open(`${simulator.wsUrl}/mexc/ws?listenKey=${listenKey}`);
    const channels = [channel, 'spot@private.deals.v3.api.pb', 'spot@private.account.v3.api.pb'];
    expect(await socket.subscribe(...channels)).toEqual({ id: 0, code: 0, msg: channels.join(',') });
    await call('POST', 'order', { ...market, type: 'LIMIT', price: '50000', newClientOrderId: 'resting' });
    await call('POST', 'order', { ...market, newClientOrderId: 'taking' });
    const of = (name: string) => socket.frames.filter((frame) => frame.channel.includes(name));
    await eventually(() => of('deals').length > 0 && of('account').length >= 2);
    expect(of('orders')[0]).toMatchObject({
      symbol: 'BTCUSDT',
      privateOrders: { clientId: 'resting', price: '50000', orderType: 1, tradeType: 1, status: 1 },
    });
    expect(of('orders').at(-1)).toMatchObject({ privateOrders: { clientId: 'taking', status: 2, orderType: 5 } });
    expect(of('deals')[0]).toMatchObject({
      privateDeals: { clientOrderId: 'taking', tradeType: 1, feeCurrency: 'BTC' },
    });
    expect(of('account')[0]).toMatchObject({ privateAccount: { vcoinName: 'BTC', type: 'ENTRUST' } });
    await call('DELETE', 'userDataStream', { listenKey });
    await eventually(() => socket.socket.readyState === socket.socket.CLOSED);
    expect((await call('PUT', 'userDataStream', { listenKey })).status).toBe(400);
  });

  it('keeps one ledger with Binance’s part', async () => {
    const { accounts } = (await simulator.control('GET', 'ledger?account=trader')) as Ledger;
    expect(accounts[0]).toMatchObject({ repeatedClientIds: [], spot: { differences: [] } });
    expect(accounts[0]!.spot.trades.length).toBeGreaterThan(1);
    const open = await simulator.control('POST', 'accounts/trader/calls', { path: '/api/v3/openOrders' });
    expect(open).toMatchObject([{ clientOrderId: 'resting' }]);
    const { body } = await call('GET', 'openOrders', {});
    expect(body).toMatchObject([{ clientOrderId: 'resting', status: 'NEW', origQuoteOrderQty: '500' }]);
  });
});

import type { AccountEvent, AccountUpstream, TradingPort } from '../../../src/exchanges/tradingPort';
import { keepUnheardAnswers } from '../../../src/exchanges/trading/unheardAnswers';
import type { CcxtClient } from '../../../src/exchanges/ccxtTypes';
import { loadCcxt } from '../../../src/exchanges/loadCcxt';
import { eventually } from '../../kit/eventually';
import { startSimulator, type RunningSimulator } from '../../kit/simulator';
import { decimal, demoCredentials, openAccount, orderTerms } from '../../kit/tradingAccount';

describe('the private stream of an account', () => {
  let simulator: RunningSimulator;
  let port: TradingPort;
  let upstream: AccountUpstream;
  let events: AccountEvent[];
  let number = 0;

  beforeAll(async () => {
    simulator = await startSimulator({ seed: 'stream', args: ['--weight-limit', '1000000'] });
  });

  beforeEach(async () => {
    port = openAccount(simulator, await demoCredentials(simulator, 'trader'));
    events = [];
    upstream = port.watch((event) => events.push(event));
    await eventually(() => connections().at(-1) === 'connected');
  });

  afterEach(async () => {
    await simulator.control('DELETE', 'faults');
    await port.close();
  });

  afterAll(async () => {
    await simulator.stop();
  });

  const connections = () =>
    events.map(({ type }) => type).filter((type) => type === 'connected' || type === 'disconnected');

  async function buy(symbol: string, amount: string): Promise<string> {
    const clientOrderId = `tg-stream-${(number += 1)}`;
    const outcome = await port.placeOrder({
      clientOrderId,
      terms: orderTerms({ symbol, amount: decimal(amount) }),
      signedAt: Date.now(),
    });
    expect(outcome.kind).toBe('accepted');
    return clientOrderId;
  }

  const isClosed = (clientOrderId: string) =>
    events.some(
      (event) =>
        event.type === 'order' && event.report.clientOrderId === clientOrderId && event.report.status === 'CLOSED',
    );

  const statusesOf = (clientOrderId: string) =>
    events.flatMap((event) =>
      event.type === 'order' && event.report.clientOrderId === clientOrderId ? [event.report.status] : [],
    );

  /** Resolves when everything that was sent so far has been told, as often as it is. */
  async function caughtUp(): Promise<void> {
    const last = await buy('BTC/USDT', '0.001');
    await eventually(() => isClosed(last));
  }

  it('counts a frame that cannot be read as an interruption: what it told is not known', async () => {
    await simulator.control('POST', 'faults', { kind: 'corrupt', stream: 'userData', count: 1 });
    await buy('BTC/USDT', '0.001');
    await eventually(() => connections().length === 3);
    expect(connections()).toEqual(['connected', 'disconnected', 'connected']);
  });

  it.each([
    ['spot', 'userData', 'BTC/USDT', '0.001'],
    ['swaps', 'fstream/userData', 'BTC/USDT:USDT', '0.01'],
  ])(
    'says so when the connection of %s is cut, comes back, and goes on telling',
    async (_what, stream, symbol, amount) => {
      expect(connections()).toEqual(['connected']);
      await simulator.control('POST', 'faults', { kind: 'drop', stream });
      await eventually(() => connections().length === 3);
      expect(connections()).toEqual(['connected', 'disconnected', 'connected']);
      const clientOrderId = await buy(symbol, amount);
      await eventually(() => isClosed(clientOrderId));
    },
  );

  it.each(['userData', 'fstream/userData'])('notices that %s is silent for good, and comes back', async (stream) => {
    await simulator.control('POST', 'faults', { kind: 'half-open', stream });
    await eventually(() => connections().length === 3);
    expect(connections()).toEqual(['connected', 'disconnected', 'connected']);
  });

  it('tells each of many orders that are filled at once as closed, the last one too, and nothing twice', async () => {
    const ids: string[] = [];
    for (let count = 0; count < 20; count += 1) ids.push(await buy('BTC/USDT', '0.001'));
    await eventually(() => ids.every(isClosed));
    // Their frames come two in a read: ccxt gives the row of the second already with the first, and then once more.
    await caughtUp();
    expect(ids.map((id) => statusesOf(id).filter((status) => status === 'CLOSED'))).toEqual(ids.map(() => ['CLOSED']));
    const trades = events.flatMap((event) => (event.type === 'fill' ? [event.fill.tradeId] : []));
    expect(trades).toEqual([...new Set(trades)]);
  });

  it('tells each change of an order once, though ccxt keeps one row for all of them', async () => {
    const [clientOrderId, symbol] = ['tg-stream-resting', 'BTC/USDT'];
    const terms = orderTerms({ type: 'LIMIT', timeInForce: 'GTC', price: decimal('60000'), amount: decimal('0.001') });
    await port.placeOrder({ clientOrderId, terms, signedAt: Date.now() });
    await eventually(() => statusesOf(clientOrderId).includes('OPEN'));
    await port.cancelOrder({ symbol, clientOrderId, exchangeOrderId: null });
    await eventually(() => statusesOf(clientOrderId).includes('CANCELED'));
    await caughtUp();
    expect(statusesOf(clientOrderId)).toEqual(['OPEN', 'CANCELED']);
  });

  it('is one for all who listen, told to a second one too, and hung up behind the last', async () => {
    const others: AccountEvent[] = [];
    const second = port.watch((event) => others.push(event));
    await eventually(() => others.some(({ type }) => type === 'connected'));
    expect((await simulator.state()).streams).toMatchObject({ userData: 1 });
    await upstream.close();
    const clientOrderId = await buy('BTC/USDT', '0.001');
    await eventually(() =>
      others.some((event) => event.type === 'order' && event.report.clientOrderId === clientOrderId),
    );
    expect(isClosed(clientOrderId)).toBe(false);
    await second.close();
    await eventually(
      async () =>
        (await simulator.state()).streams.userData === undefined || (await simulator.state()).streams.userData === 0,
    );
  });
});

describe('a private stream whose exchange has forgotten its session', () => {
  it('opens a new one', async () => {
    const before = await startSimulator({ seed: 'forgotten' });
    const port = openAccount(before, await demoCredentials(before, 'trader'));
    const connections: string[] = [];
    port.watch(({ type }) => {
      if (type === 'connected' || type === 'disconnected') connections.push(type);
    });
    await eventually(() => connections.length === 1);
    await before.kill();
    await eventually(() => connections.length === 2);
    // The same accounts, and none of the listen keys.
    const after = await startSimulator({ seed: 'forgotten', port: before.port });
    await eventually(() => connections.at(-1) === 'connected');
    await eventually(async () => (await after.state()).streams['fstream/userData'] === 1);
    await port.close();
    await after.stop();
  });
});

describe('two frames in one read of the socket', () => {
  it('are both told: the second waits for the next who asks', async () => {
    const Exchange = loadCcxt().pro.binance!;
    const exchange = new Exchange({});
    await exchange.loadHttpProxyAgent();
    const client: CcxtClient = exchange.client('ws://127.0.0.1:1');
    keepUnheardAnswers(client);
    const first = client.future('orders');
    client.resolve(['new'], 'orders');
    client.resolve(['new', 'filled'], 'orders');
    expect(await first).toEqual(['new']);
    expect(await client.future('orders')).toEqual(['new', 'filled']);
    // Balances have other names at other exchanges: MEXC's and Binance's.
    for (const name of ['balance:spot', 'spot:balance']) {
      client.resolve(name, name);
      expect(await client.future(name)).toBe(name);
    }
    // Told once; and what is no channel of the account is not kept.
    client.resolve('book', 'orderbook');
    const pending = Promise.race([client.future('orders'), client.future('orderbook'), Promise.resolve('nothing')]);
    expect(await pending).toBe('nothing');
  });
});

import { tickerTopic, type TickerMessage } from '../../src/bus/marketTopics';
import { toMarketId } from '../../src/domain/market';
import { ExchangeRegistry } from '../../src/exchanges/exchangeRegistry';
import { FakeExchange, makeTicker } from '../kit/fakeExchange';
import { startMarketPath, type MarketPath } from '../kit/marketPath';

const btc = toMarketId('fake', 'BTC/USDT');
const topic = tickerTopic(btc);

describe('feeds', () => {
  let exchange: FakeExchange;
  let path: MarketPath;
  let messages: TickerMessage[];
  const listen = () => path.bus.subscribe(topic, (message) => messages.push(message));

  beforeEach(() => {
    jest.useFakeTimers({ now: 1_000_000 });
    exchange = new FakeExchange();
    path = startMarketPath(new ExchangeRegistry([exchange]));
    messages = [];
  });

  afterEach(async () => {
    await path.stop();
    jest.useRealTimers();
  });

  const tell = (last: string): void => {
    exchange.upstream('ticker').tell({ type: 'ticker', ticker: makeTicker('fake', { last }) });
  };

  const pass = async (ms: number, isAlive: boolean): Promise<void> => {
    for (let passed = 0; passed < ms; passed += 250) {
      if (isAlive) exchange.upstream('ticker').alive = Date.now();
      await jest.advanceTimersByTimeAsync(250);
    }
  };

  it('open with the first listener, are shared by all, and close after the grace behind the last', async () => {
    const leaves = Array.from({ length: 1_000 }, listen);
    expect(exchange.upstreams).toHaveLength(1);
    for (const leave of leaves) leave();
    await jest.advanceTimersByTimeAsync(999);
    expect(exchange.upstreams[0]?.isClosed).toBe(false);
    await jest.advanceTimersByTimeAsync(1);
    expect(exchange.upstreams[0]?.isClosed).toBe(true);
    expect(path.bus.last(topic)).toBeNull();
    expect(jest.getTimerCount()).toBe(0);
  });

  it('stay open where a listener returns within the grace, and open anew behind it', async () => {
    listen()();
    await jest.advanceTimersByTimeAsync(999);
    const leave = listen();
    await jest.advanceTimersByTimeAsync(5_000);
    expect(exchange.upstreams).toHaveLength(1);
    leave();
    await jest.advanceTimersByTimeAsync(1_000);
    listen();
    expect(exchange.upstreams).toHaveLength(2);
  });

  it('serve those who listened before they were started', async () => {
    const feeds = path.feeds;
    await feeds.stop();
    listen();
    expect(exchange.upstreams).toHaveLength(0);
    feeds.start();
    expect(exchange.upstreams).toHaveLength(1);
  });

  it('mark the first state as a restart, what follows as its continuation', () => {
    listen();
    tell('1');
    tell('2');
    expect(messages).toMatchObject([
      { kind: 'data', data: { last: '1' }, isRestart: true },
      { kind: 'data', data: { last: '2' }, isRestart: false },
    ]);
    expect(path.bus.last(topic)).toMatchObject({ kind: 'data', data: { last: '2' }, isRestart: true });
  });

  it('go stale after 2 s without a proof of life, within 2.5 s, and say what was last known', async () => {
    listen();
    tell('1');
    await pass(2_000, false);
    expect(messages).toHaveLength(1);
    await pass(250, false);
    expect(messages[1]).toMatchObject({ kind: 'stale', cause: 'silent', since: 1_000_000, last: { last: '1' } });
    expect(path.bus.last(topic)).toMatchObject({ kind: 'stale' });
    expect(path.feeds.health(btc).stale).toBe(true);
  });

  it('do not go stale in a market where nothing happens, as long as the connection answers', async () => {
    listen();
    tell('1');
    await pass(60_000, true);
    expect(messages).toHaveLength(1);
    expect(path.feeds.health(btc)).toMatchObject({ lastEventAt: 1_000_000, stale: false });
  });

  it('go stale at once where the connection is lost, once, until there is a state again', async () => {
    listen();
    tell('1');
    exchange.upstream('ticker').tell({ type: 'disconnected' });
    exchange.upstream('ticker').tell({ type: 'disconnected' });
    await pass(5_000, true);
    expect(messages.map(({ kind }) => kind)).toEqual(['data', 'stale']);
    tell('2');
    expect(messages[2]).toMatchObject({ kind: 'data', data: { last: '2' }, isRestart: true });
  });

  it('go on with what was known where a silent connection answers again', async () => {
    listen();
    tell('1');
    await pass(3_000, false);
    await pass(250, true);
    expect(messages[2]).toMatchObject({ kind: 'data', data: { last: '1' }, isRestart: true });
  });

  it('go stale where a living connection never tells the first state', async () => {
    listen();
    await pass(2_250, true);
    expect(messages).toMatchObject([{ kind: 'stale', cause: 'outOfSync', last: null }]);
  });

  it('do not blame the source for a check that this process itself held up', async () => {
    listen();
    tell('1');
    exchange.upstream('ticker').alive = Date.now();
    // The process was busy for 5 s: signs of life may lie unread in its sockets.
    jest.setSystemTime(Date.now() + 5_000);
    await jest.advanceTimersByTimeAsync(250);
    expect(messages).toHaveLength(1);
    exchange.upstream('ticker').alive = Date.now();
    await jest.advanceTimersByTimeAsync(250);
    expect(messages).toHaveLength(1);
  });
});

import { compareDecimals } from '../../src/domain/compareDecimals';
import type { MarketRules } from '../../src/domain/marketRules';
import { createExchangeRegistry } from '../../src/exchanges/exchangeRegistry';
import { readBinanceRules } from '../../src/exchanges/binance/readBinanceRules';
import type { Channel, ExchangePort, UpstreamEvent } from '../../src/exchanges/exchangePort';
import { createLogger } from '../../src/telemetry/logger';
import { createMetrics } from '../../src/telemetry/metrics';
import { inventedSymbols, rulesOf } from '../domain/exchangeFilters';
import { eventually } from '../kit/eventually';
import { ScriptedBinance } from '../kit/scriptedBinance';
import { startSimulator, type RunningSimulator } from '../kit/simulator';

const symbol = 'BTC/USDT:USDT';

function connect(urls: { readonly restUrl: string; readonly wsUrl: string }, clock = Date.now): ExchangePort {
  const settings = { id: 'simulator', ccxtId: 'binance', sandbox: false, restUrl: urls.restUrl, wsUrl: urls.wsUrl };
  const logger = createLogger('silent');
  const registry = createExchangeRegistry({
    settings: [settings],
    clock,
    random: Math.random,
    logger,
    metrics: createMetrics(),
  });
  return registry.find('simulator')!;
}

describe('linear swaps', () => {
  let simulator: RunningSimulator;
  let exchange: ExchangePort;

  beforeAll(async () => {
    simulator = await startSimulator({ seed: 'swap markets', args: ['--weight-limit', '1000000'] });
    exchange = connect(simulator);
  });

  afterAll(async () => {
    await exchange.close();
    await simulator.stop();
  });

  it('are listed beside the spot market of the same name', async () => {
    const markets = await exchange.loadMarkets();
    expect(markets.get('BTC/USDT')).toMatchObject({ type: 'SPOT', settle: null, contractSize: null });
    expect(markets.get(symbol)).toMatchObject({
      id: `simulator:${symbol}`,
      type: 'SWAP',
      base: 'BTC',
      quote: 'USDT',
      settle: 'USDT',
      contractSize: '1',
      active: true,
    });
  });

  it('answer every question of spot, both kinds of tickers in one call', async () => {
    const [spot, swap] = await exchange.fetchTickers(['BTC/USDT', symbol]);
    expect([spot?.marketId, swap?.marketId]).toEqual(['simulator:BTC/USDT', `simulator:${symbol}`]);
    expect(swap?.last).toMatch(/^\d/);
    const book = await exchange.fetchOrderBook(symbol, 10);
    expect(compareDecimals(book.bids[0]!.price, book.asks[0]!.price)).toBeLessThan(0);
    expect((await exchange.fetchTrades(symbol, 10)).every(({ marketId }) => marketId === `simulator:${symbol}`)).toBe(
      true,
    );
    expect(await exchange.fetchCandles(symbol, { timeframe: 'M1', since: null, limit: 5 })).toHaveLength(5);
  });

  it.each<[Channel, (event: UpstreamEvent) => boolean]>([
    [{ kind: 'ticker' }, (event) => event.type === 'ticker' && event.ticker.bid !== null && event.ticker.last !== null],
    [{ kind: 'orderBook' }, (event) => event.type === 'orderBook' && event.book.bids.length > 0],
    [{ kind: 'trades' }, (event) => event.type === 'trades' && event.trades.length > 0],
    [{ kind: 'candles', timeframe: 'M1' }, (event) => event.type === 'candle'],
  ])('stream their %j', async (channel, isWanted) => {
    const events: UpstreamEvent[] = [];
    const upstream = exchange.watch({ symbol, channel, listener: (event) => events.push(event) });
    await eventually(() => events.filter(isWanted).length >= 3);
    expect(upstream.aliveAt()).not.toBeNull();
    expect(events.filter(({ type }) => type === 'gap' || type === 'refused')).toEqual([]);
    await upstream.close();
  });

  it('tell each trade once, live and from REST', async () => {
    const events: UpstreamEvent[] = [];
    const upstream = exchange.watch({ symbol, channel: { kind: 'trades' }, listener: (event) => events.push(event) });
    const ids = () => events.flatMap((event) => (event.type === 'trades' ? event.trades.map(({ id }) => id) : []));
    await eventually(() => ids().length > 5);
    const last = ids().at(-1);
    const asked = await exchange.fetchTrades(symbol, 1000);
    await upstream.close();
    expect(new Set(ids()).size).toBe(ids().length);
    expect(asked.map(({ id }) => id)).toContain(last);
  });

  it('have a funding rate, and spot has none', async () => {
    const [rate] = await exchange.fetchFundingRates([symbol]);
    expect(rate).toMatchObject({
      marketId: `simulator:${symbol}`,
      fundingRate: expect.stringMatching(/^-?0\.\d+$/) as string,
    });
    expect(rate!.nextFundingTime).toBeGreaterThan(Date.now());
    expect(rate!.markPrice).toMatch(/^\d/);
    await expect(exchange.fetchFundingRates(['BTC/USDT'])).rejects.toMatchObject({ code: 'MARKET_NOT_FOUND' });
  });

  it('have rules of their own', async () => {
    expect(await exchange.marketRules(symbol)).toMatchObject({
      orderTypes: expect.arrayContaining(['MARKET', 'LIMIT', 'STOP', 'TRAILING_STOP']) as string[],
      cost: { isReduceOnlyExempt: true, reference: { kind: 'MARK' } },
      priceBands: { buy: { down: null }, sell: { up: null }, reference: { kind: 'MARK' } },
    });
    expect(await exchange.marketRules('BTC/USDT')).toMatchObject({
      price: { step: '0.01' },
      cost: { isReduceOnlyExempt: false, reference: { kind: 'AVERAGE', minutes: 5 } },
      maxOpenOrders: 200,
      maxOpenAlgoOrders: 5,
    });
    await expect(exchange.marketRules('NOPE/USDT')).rejects.toMatchObject({ code: 'MARKET_NOT_FOUND' });
  });
});

describe('an exchange whose swaps do not answer', () => {
  let server: ScriptedBinance;
  let exchange: ExchangePort;
  let now = 0;

  beforeEach(async () => {
    now = Date.now();
    server = new ScriptedBinance();
    exchange = connect(await server.listen(), () => now);
  });

  afterEach(async () => {
    await exchange.close();
    await server.close();
  });

  const symbols = async () => [...(await exchange.loadMarkets()).keys()];
  const swapCalls = () => server.restCalls.filter((path) => path === '/fapi/v1/exchangeInfo').length;

  it('has its spot markets, and asks again for the swaps after a minute', async () => {
    server.rest.set('/fapi/v1/exchangeInfo', () => ({ status: 502, headers: {}, text: '<html>Bad Gateway</html>' }));
    expect(await symbols()).toEqual(['BTC/USDT']);
    server.rest.set('/fapi/v1/exchangeInfo', () => swapInfo);
    now += 61_000;
    await eventually(async () => (await symbols()).includes(symbol));
  });

  it('keeps the swaps that it knows', async () => {
    server.rest.set('/fapi/v1/exchangeInfo', () => swapInfo);
    expect(await symbols()).toEqual(['BTC/USDT', symbol]);
    server.rest.set('/fapi/v1/exchangeInfo', () => ({ status: 502, headers: {}, text: '<html>Bad Gateway</html>' }));
    now += 3_600_001;
    const spot = server.rest.get('/api/v3/exchangeInfo')!(new URLSearchParams()) as {
      readonly symbols: readonly object[];
    };
    const renamed = spot.symbols.map((market) => ({ ...market, symbol: 'ETHUSDT', baseAsset: 'ETH' }));
    server.rest.set('/api/v3/exchangeInfo', () => ({ ...spot, symbols: renamed }));
    await eventually(async () => (await symbols()).includes('ETH/USDT'));
    expect(swapCalls()).toBe(2);
    expect(await symbols()).toEqual(['ETH/USDT', symbol]);
  });

  it('is not asked again within the hour where it has no swaps at all', async () => {
    expect(await symbols()).toEqual(['BTC/USDT']);
    now += 61_000;
    await symbols();
    await exchange.fetchOrderBook('BTC/USDT', 5);
    expect(swapCalls()).toBe(1);
  });
});

describe('the rules of a market', () => {
  it.each(inventedSymbols.map((raw) => [raw.symbol, raw] as const))('are read from the filters of %s', (_name, raw) => {
    const info = { ...raw, allowTrailingStop: true };
    const rules: MarketRules = readBinanceRules({ info }, { type: 'SPOT' } as Parameters<typeof readBinanceRules>[1]);
    const expected = rulesOf(raw, false);
    expect({ ...rules, trailingDelta: null }).toEqual({ ...expected, trailingDelta: null });
    expect(rules.trailingDelta.above).toMatchObject({
      min: expected.trailingDelta.above.min,
      max: expected.trailingDelta.above.max,
    });
    expect(rules.trailingDelta.below).toMatchObject({
      min: expected.trailingDelta.below.min,
      max: expected.trailingDelta.below.max,
    });
  });
});

const swapInfo = {
  serverTime: 1_700_000_000_000,
  rateLimits: [],
  symbols: [
    {
      symbol: 'BTCUSDT',
      pair: 'BTCUSDT',
      contractType: 'PERPETUAL',
      status: 'TRADING',
      baseAsset: 'BTC',
      quoteAsset: 'USDT',
      marginAsset: 'USDT',
      pricePrecision: 1,
      quantityPrecision: 3,
      orderTypes: ['LIMIT', 'MARKET'],
      filters: [
        { filterType: 'PRICE_FILTER', minPrice: '0.1', maxPrice: '1000000', tickSize: '0.1' },
        { filterType: 'LOT_SIZE', minQty: '0.001', maxQty: '1000', stepSize: '0.001' },
        { filterType: 'MIN_NOTIONAL', notional: '5' },
      ],
    },
  ],
};

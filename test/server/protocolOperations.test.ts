import { tickerTopic } from '../../src/bus/marketTopics';
import { AppError } from '../../src/errors/appError';
import { ExchangeRegistry } from '../../src/exchanges/exchangeRegistry';
import { FakeExchange, makeTicker as makeExchangeTicker } from '../kit/fakeExchange';
import { btc, makeMeta } from '../kit/fakeMarket';
import { startMarketPath } from '../kit/marketPath';
import {
  errorOf,
  executionVariants,
  priceFrame,
  pushPrice,
  tickerQuery,
  tickersDocument,
  watchPrices,
  viewerOfEachTest,
} from '../kit/protocol';
import { RawSocket } from '../kit/rawSocket';
import { codesOf, TestServer } from '../kit/testServer';

const aText: unknown = expect.any(String);
const timeQuery = '{ serverTime }';

function streamOf(markets: string): string {
  return `subscription S${markets.startsWith('$') ? '($markets: [MarketId!]!)' : ''} { tickers(markets: ${markets}) { tickers { last } } }`;
}

describe.each(executionVariants)('graphql-transport-ws with %s', (_name, options) => {
  const viewer = viewerOfEachTest(options);

  describe('a streaming operation', () => {
    it('gets its results as next messages, in order, and complete when the source has ended', async () => {
      await watchPrices(viewer.socket, 'a');
      for (const last of ['101', '102', '103']) {
        pushPrice(viewer.server, last);
        expect(await viewer.socket.next()).toEqual(priceFrame('a', last));
      }
      await viewer.server.market.opened[0]!.return();
      expect(await viewer.socket.next()).toEqual({ id: 'a', type: 'complete' });
      expect(await viewer.socket.messagesUntilPong()).toEqual([]);
    });

    it('runs beside others on the same connection, and their messages may be interleaved', async () => {
      await watchPrices(viewer.socket, 'a');
      await watchPrices(viewer.socket, 'b');
      viewer.socket.subscribe('c', timeQuery);
      expect(await viewer.socket.next()).toMatchObject({ id: 'c', type: 'next' });
      expect(await viewer.socket.next()).toEqual({ id: 'c', type: 'complete' });
      pushPrice(viewer.server, '101');
      const frames = [await viewer.socket.next(), await viewer.socket.next()];
      expect(new Set(frames)).toEqual(new Set([priceFrame('a', '101'), priceFrame('b', '101')]));
    });

    it('goes on when an event fails in execution: the failure is a next message with errors', async () => {
      await watchPrices(viewer.socket, 'a');
      viewer.server.market.opened[0]!.push({ meta: makeMeta('UPDATE', '2'), tickers: null as never });
      const failed = await viewer.socket.next();
      expect(failed).toMatchObject({ id: 'a', type: 'next', payload: { data: null } });
      expect(codesOf((failed.payload as { errors: never }).errors)).toEqual(['INTERNAL_SERVER_ERROR']);
      pushPrice(viewer.server, '101');
      expect(await viewer.socket.next()).toEqual(priceFrame('a', '101'));
    });
  });

  describe('a single-result operation', () => {
    it('gets one next message and complete', async () => {
      viewer.socket.subscribe('a', timeQuery);
      expect(await viewer.socket.next()).toEqual({
        id: 'a',
        type: 'next',
        payload: { data: { serverTime: aText } },
      });
      expect(await viewer.socket.next()).toEqual({ id: 'a', type: 'complete' });
      expect(await viewer.socket.messagesUntilPong()).toEqual([]);
    });

    it('that fails in execution gets its errors in the next message, and complete', async () => {
      viewer.server.market.failure = { thrown: new AppError('EXCHANGE_UNAVAILABLE') };
      viewer.socket.subscribe('a', tickerQuery);
      const { id, type, payload } = await viewer.socket.next();
      expect([id, type]).toEqual(['a', 'next']);
      expect(payload).toMatchObject({
        data: { ticker: null },
        errors: [{ message: aText, path: ['ticker'] }],
      });
      expect(await viewer.socket.next()).toEqual({ id: 'a', type: 'complete' });
    });

    it('is picked by its name and gets its variables', async () => {
      const query = 'query One($market: MarketId!) { ticker(market: $market) { last } }';
      const variables = { market: 'simulator:BTC/USDT' };
      viewer.socket.send({ id: 'a', type: 'subscribe', payload: { query, operationName: 'One', variables } });
      expect(await viewer.socket.next()).toEqual({
        id: 'a',
        type: 'next',
        payload: { data: { ticker: { last: '100.5' } } },
      });
    });
  });

  describe('an error', () => {
    const refused: readonly (readonly [kind: string, code: string, payload: Record<string, unknown>])[] = [
      ['no GraphQL', 'GRAPHQL_PARSE_FAILED', { query: 'nonsense' }],
      ['an empty text', 'GRAPHQL_PARSE_FAILED', { query: '' }],
      ['an unknown field of a query', 'GRAPHQL_VALIDATION_FAILED', { query: '{ nonsense }' }],
      ['an unknown stream', 'GRAPHQL_VALIDATION_FAILED', { query: 'subscription { nonsense }' }],
      ['a fragment alone', 'GRAPHQL_VALIDATION_FAILED', { query: 'fragment F on Query { serverTime }' }],
      ['an operation that is not in it', 'BAD_USER_INPUT', { query: 'query A { serverTime }', operationName: 'B' }],
      ['a variable that is missing', 'BAD_USER_INPUT', { query: streamOf('$markets') }],
      ['a variable of another kind', 'BAD_USER_INPUT', { query: streamOf('$markets'), variables: { markets: 1 } }],
      ['an argument out of range', 'BAD_USER_INPUT', { query: streamOf('[]') }],
      [
        'two streams at once',
        'GRAPHQL_VALIDATION_FAILED',
        { query: 'subscription { tickers(markets: []) { meta { seq } } trades(markets: []) { meta { seq } } }' },
      ],
    ];

    it.each(refused)('answers %s on its id (%s), ends the operation and nothing else', async (_kind, code, payload) => {
      await watchPrices(viewer.socket, 'other');
      viewer.socket.send({ id: 'a', type: 'subscribe', payload });
      const error = await viewer.socket.next();
      expect(errorOf(error)).toEqual({ id: 'a', type: 'error', codes: [code] });
      expect(error.payload).toEqual([expect.objectContaining({ message: aText })]);
      expect(await viewer.socket.messagesUntilPong()).toEqual([]);
      pushPrice(viewer.server, '101');
      expect(await viewer.socket.next()).toEqual(priceFrame('other', '101'));
    });

    it('answers a stream whose source refuses to open, and its id is free again', async () => {
      viewer.server.market.failure = { thrown: new AppError('MARKET_NOT_FOUND') };
      viewer.socket.subscribe('a', streamOf('["simulator:NONE/USDT"]'));
      expect(errorOf(await viewer.socket.next())).toEqual({ id: 'a', type: 'error', codes: ['MARKET_NOT_FOUND'] });
      viewer.server.market.failure = null;
      await watchPrices(viewer.socket, 'a');
    });

    it('ends a stream that fails while it runs: no complete, and its id is free again', async () => {
      const path = startMarketPath(new ExchangeRegistry([new FakeExchange('simulator')]));
      const real = await TestServer.start({ ...options, marketStreams: path.streams });
      const reader = await RawSocket.connect(real.wsUrl, real.bearer('VIEWER'));
      const tell = (data: string): void => {
        const ticker = makeExchangeTicker('simulator', { last: data });
        path.bus.publish(tickerTopic(btc), { kind: 'data', data: ticker, isRestart: true });
      };
      tell('100.5');
      await watchPrices(reader, 'a');
      path.bus.publish(tickerTopic(btc), { kind: 'refused', code: 'MARKET_NOT_FOUND' });
      expect(errorOf(await reader.next())).toEqual({ id: 'a', type: 'error', codes: ['MARKET_NOT_FOUND'] });
      tell('101');
      await watchPrices(reader, 'a');
      expect(await reader.messagesUntilPong()).toEqual([]);
      reader.close();
      await real.stop();
      await path.stop();
    });

    it('answers a stream that the reader has no permission for, and no source opens', async () => {
      const stranger = await RawSocket.connect(viewer.server.wsUrl);
      stranger.subscribe('a', tickersDocument);
      expect(errorOf(await stranger.next())).toEqual({ id: 'a', type: 'error', codes: ['UNAUTHENTICATED'] });
      expect(await stranger.messagesUntilPong()).toEqual([]);
      expect(viewer.server.market.opened).toHaveLength(0);
      stranger.close();
    });
  });
});

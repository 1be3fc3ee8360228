import { eventually } from '../kit/eventually';
import { makeMeta, makeTicker } from '../kit/fakeMarket';
import { executionVariants } from '../kit/protocol';
import { streamClients, type ClientStream } from '../kit/streamClients';
import { TestServer } from '../kit/testServer';

/** `__typename` is named, because some clients add it and the others would get other data. */
const prices = `subscription Prices {
  tickers(markets: ["simulator:BTC/USDT"]) { __typename meta { __typename kind } tickers { __typename last } }
}`;

function event(kind: 'SNAPSHOT' | 'UPDATE', last: string): unknown {
  const meta = { __typename: 'StreamMeta', kind };
  return { tickers: { __typename: 'TickerEvent', meta, tickers: [{ __typename: 'Ticker', last }] } };
}

const opening = event('SNAPSHOT', '100.5');

describe.each(executionVariants)('with %s', (_variant, options) => {
  let server: TestServer;

  beforeEach(async () => {
    server = await TestServer.start(options);
  });

  afterEach(() => server.stop());

  function push(last: string): void {
    const update = { meta: makeMeta('UPDATE', '2'), tickers: [makeTicker(last)] };
    for (const stream of server.market.opened) if (stream.isOpen) stream.push(update);
  }

  async function hasEvents(stream: ClientStream, count: number): Promise<void> {
    await eventually(() => stream.events.length >= count);
  }

  describe.each(streamClients)('%s', (_name, open) => {
    it('receives the SNAPSHOT and each UPDATE in order, and the server lets go when it unsubscribes', async () => {
      const client = open(server.wsUrl, server.bearer('VIEWER'));
      const stream = client.watch(prices);
      await hasEvents(stream, 1);
      for (const [index, last] of ['101', '102', '103'].entries()) {
        push(last);
        await hasEvents(stream, index + 2);
      }
      expect(stream.events).toEqual([opening, event('UPDATE', '101'), event('UPDATE', '102'), event('UPDATE', '103')]);
      expect(server.market.openCount).toBe(1);
      stream.unsubscribe();
      await eventually(() => server.market.openCount === 0);
      expect(stream.errorCodes).toEqual([]);
      await client.close();
    });

    it('is told that a stream has ended', async () => {
      const client = open(server.wsUrl, server.bearer('VIEWER'));
      const stream = client.watch(prices);
      await hasEvents(stream, 1);
      await server.market.opened[0]!.return();
      await eventually(() => stream.isComplete);
      expect([stream.events, stream.errorCodes]).toEqual([[opening], []]);
      await client.close();
    });

    it('is told by its code why a stream is refused, and its others go on', async () => {
      const client = open(server.wsUrl, server.bearer('VIEWER'));
      const stream = client.watch(prices);
      await hasEvents(stream, 1);
      const refused = client.watch(
        'subscription { candles(market: "simulator:BTC/USDT", timeframe: M1) { marketId } }',
      );
      await eventually(() => refused.errorCodes.length > 0);
      expect([refused.events, refused.errorCodes]).toEqual([[], ['EXCHANGE_UNAVAILABLE']]);
      push('101');
      await hasEvents(stream, 2);
      await client.close();
    });

    it('is told to sign in where it has not', async () => {
      const client = open(server.wsUrl, null);
      const stream = client.watch(prices);
      await eventually(() => stream.errorCodes.length > 0);
      expect([stream.events, stream.errorCodes]).toEqual([[], ['UNAUTHENTICATED']]);
      expect(server.market.opened).toHaveLength(0);
      await client.close();
    });

    it('can watch again after it has stopped', async () => {
      const client = open(server.wsUrl, server.bearer('VIEWER'));
      for (let round = 0; round < 3; round += 1) {
        const stream = client.watch(prices);
        await hasEvents(stream, 1);
        stream.unsubscribe();
        await eventually(() => server.market.openCount === 0);
      }
      await client.close();
    });
  });

  it('two of each client on one server receive the same, and none is left when they have gone', async () => {
    const clients = [...streamClients, ...streamClients].map(([, open]) => open(server.wsUrl, server.bearer('VIEWER')));
    const streams = clients.map((client) => client.watch(prices));
    for (const stream of streams) await hasEvents(stream, 1);
    for (const [index, last] of ['101', '102'].entries()) {
      push(last);
      for (const stream of streams) await hasEvents(stream, index + 2);
    }
    for (const { events } of streams) expect(events).toEqual([opening, event('UPDATE', '101'), event('UPDATE', '102')]);
    for (const client of clients) await client.close();
    await eventually(() => server.market.openCount === 0);
  });
});

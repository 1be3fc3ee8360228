import { tickerTopic } from '../../src/bus/marketTopics';
import { eventually } from '../kit/eventually';
import { makeTicker } from '../kit/fakeExchange';
import { tickersOf } from '../kit/liveMarketDocuments';
import { idOf, LiveMarkets } from '../kit/liveMarkets';
import { eventOf, RecordingSocket, type ReadEvent } from '../kit/recordingSocket';
import { TestServer } from '../kit/testServer';

const symbols = ['BTC/USDT', 'ETH/USDT'];
const silent = 'ETH/USDT';

describe('an opening of two events, a SNAPSHOT of what is live and STALE for what is silent', () => {
  let markets: LiveMarkets;
  let server: TestServer;
  let socket: RecordingSocket;

  beforeEach(async () => {
    markets = new LiveMarkets();
    for (const symbol of symbols) markets.publish(symbol);
    server = await TestServer.start({ marketStreams: markets.streams, access: { publicMarketData: true } });
    socket = await RecordingSocket.connect(server.wsUrl);
    await read('stayer', 1);
    const last = makeTicker('fake', { symbol: silent, last: '1' });
    markets.bus.publish(tickerTopic(idOf(silent)), { kind: 'stale', cause: 'silent', since: Date.now(), last });
    await eventually(() => socket.of('stayer').length === 2);
  });

  afterEach(async () => {
    socket.terminate();
    await server.stop();
  });

  async function read(id: string, count: number, after?: string): Promise<readonly ReadEvent[]> {
    socket.subscribe(id, tickersOf({ symbols, ...(after === undefined ? {} : { after }) }));
    await eventually(() => socket.of(id).length >= count);
    return socket.of(id).map(eventOf);
  }

  const headsOf = (events: readonly ReadEvent[]): unknown => events.map(({ meta }) => [meta.kind, meta.reason]);
  const stale = ['STALE', `SOURCE_SILENT: ${idOf(silent)}`];

  it('does not leave who was cut off between the two believing that all are live', async () => {
    const opening = await read('late', 2);
    expect(headsOf(opening)).toEqual([['SNAPSHOT', null], stale]);
    const back = await read('back', 2, opening[0]?.meta.cursor);
    expect(headsOf(back)).toEqual([['SNAPSHOT', 'RESUME_NOT_AVAILABLE'], stale]);
  });

  it('can be resumed from its end', async () => {
    const opening = await read('late', 2);
    socket.subscribe('back', tickersOf({ symbols, after: opening[1]?.meta.cursor ?? '' }));
    await read('later', 2);
    expect(socket.of('back')).toEqual([]);
    markets.publish('BTC/USDT');
    await eventually(() => socket.of('back').length > 0);
    expect(headsOf(socket.of('back').map(eventOf))).toEqual([['UPDATE', null]]);
  });
});

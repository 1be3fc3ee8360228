import { toMarketId } from '../../src/domain/market';
import type { StreamEvent, StreamSource } from '../../src/streams/streamSource';
import { take, VirtualMarkets } from '../kit/virtualMarkets';

const marketId = toMarketId('fake', 'BTC/USDT');
const marketIds = [marketId];

interface Kind {
  readonly channel: 'ticker' | 'orderBook' | 'trades' | 'candles';
  readonly tell: (markets: VirtualMarkets) => void;
  readonly open: (markets: VirtualMarkets, after: string | null) => Promise<StreamSource<StreamEvent>>;
}

const kinds: readonly (readonly [name: string, kind: Kind])[] = [
  [
    'tickers',
    {
      channel: 'ticker',
      tell: (markets) => {
        markets.tellTicker('1');
      },
      open: ({ streams }, after) => streams.tickers({ marketIds, intervalMs: 0, after }),
    },
  ],
  [
    'an order book',
    {
      channel: 'orderBook',
      tell: (markets) => {
        markets.tellBook('1', [['10', '1']]);
      },
      open: ({ streams }, after) => streams.orderBook({ marketId, depth: 2, intervalMs: 0, after }),
    },
  ],
  [
    'trades',
    {
      channel: 'trades',
      tell: (markets) => {
        markets.tellTrades([1]);
      },
      open: ({ streams }, after) => streams.trades({ marketIds, after }),
    },
  ],
  [
    'candles',
    {
      channel: 'candles',
      tell: (markets) => {
        markets.tellCandle(0, '1');
      },
      open: ({ streams }, after) => streams.candles({ marketId, timeframe: 'M1', after }),
    },
  ],
];

const headOf = ({ meta: { kind, reason } }: StreamEvent): readonly [string, string | null] => [kind, reason];

describe('while the exchange is away', () => {
  let markets: VirtualMarkets;

  beforeEach(() => {
    markets = new VirtualMarkets();
  });

  afterEach(() => markets.stop());

  // Candles of an exchange that was never there have nothing to begin with: they end.
  it.each(kinds.filter(([, { channel }]) => channel !== 'candles'))(
    '%s that were never known begin with STALE, and have their SNAPSHOT when it is back',
    async (_name, { channel, tell, open }) => {
      const stream = (await open(markets, null)).open();
      markets.lose(channel);
      expect(headOf(await take(stream))).toEqual(['STALE', 'SOURCE_DISCONNECTED']);
      tell(markets);
      expect(headOf(await take(stream))).toEqual(['SNAPSHOT', null]);
    },
  );

  it.each(kinds)('%s that cannot be resumed say so with STALE', async (_name, { channel, tell, open }) => {
    const stream = (await open(markets, null)).open();
    tell(markets);
    const { meta } = await take(stream);
    markets.lose(channel);
    const back = (await open(markets, meta.cursor))[Symbol.asyncIterator]();
    expect(headOf(await take(back))).toEqual(['STALE', 'RESUME_NOT_AVAILABLE; SOURCE_DISCONNECTED']);
    tell(markets);
    expect(headOf(await take(back))).toEqual(['SNAPSHOT', null]);
  });
});

import { BinanceWire } from './binance/binanceWire';
import { Replay } from './binance/replay/replay';
import { openLiveStream } from './binance/streams/marketStreams';
import type { Close, Sink } from './binance/streams/stream';
import type { UsdmMarkets } from './binance/usdm/usdmApi';
import { openUsdmStream } from './binance/usdm/usdmStreams';
import { UsdmWire } from './binance/usdm/usdmWire';
import { nextFunding } from './engine/futures/futuresHouse';
import type { Exchange } from './exchange';
import type { Wire } from './server/wire';
import type { ReplaySource, SimulatorOptions } from './simulatorOptions';

/** Recorded sockets, which nobody can trade on. Throws RecordingError for a recording that cannot be played. */
export async function playRecordings(options: SimulatorOptions, source: ReplaySource): Promise<Exchange> {
  const replay = await Replay.load({ ...source, now: options.now, onError: options.onError });
  return {
    wires: [replay.exchange === 'usdm' ? replayUsdm(options, replay) : replaySpot(options, replay)],
    describe: () => ({ mode: 'replay', markets: [...replay.markets.keys()], replay: replay.describe() }),
    controlRoutes: [],
    // The first subscription starts it.
    start: () => undefined,
    stop: () => {
      replay.stop();
    },
  };
}

function replaySpot(options: SimulatorOptions, replay: Replay): Wire {
  const openLive = (name: string, sink: Sink): Close | null => openLiveStream(replay, name, sink);
  const openStream = (name: string, sink: Sink): Close | null => replay.openStream(name, sink, openLive);
  return new BinanceWire({ ...options, venue: replay, openStream });
}

/** Mark and index are the last recorded price; there was no funding. */
function replayUsdm(options: SimulatorOptions, replay: Replay): Wire {
  const last = (symbol: string): string => replay.markets.get(symbol)?.day().last ?? '0';
  const markets: UsdmMarkets = {
    venue: replay,
    indexPrice: last,
    markPrice: last,
    fundings: () => [],
    nextFundingAt: () => nextFunding(replay.now()),
  };
  const openLive = (name: string, sink: Sink): Close | null => openUsdmStream(markets, name, sink);
  const openStream = (name: string, sink: Sink): Close | null => replay.openStream(name, sink, openLive);
  return new UsdmWire({ ...options, markets, openStream });
}

import { timeframeMs, type Candle, type Timeframe } from '../../domain/marketData';
import { CandleSequence } from '../candleSequence';
import { ccxtTimeframes, readCandle, readCandles } from '../readCandle';
import { readList } from '../readNumbers';
import type { ChannelHandler, ChannelParts, HandledSource } from './channelHandler';

/** The forming candle of one timeframe, and the final state of each as it closes. */
export class CandleChannel implements ChannelHandler {
  readonly sources: readonly HandledSource[];
  readonly #sequence = new CandleSequence();

  constructor(
    private readonly parts: ChannelParts,
    private readonly timeframe: Timeframe,
  ) {
    const { exchange, market } = parts;
    const name = ccxtTimeframes[timeframe];
    this.sources = [
      {
        watch: () => exchange.watchOHLCV(market.symbol, name),
        unwatch: () => exchange.unWatchOHLCV(market.symbol, name),
        onData: (data) => {
          for (const row of readList(data, 'candles')) this.#tell(this.#sequence.live(readCandle(row, false)));
        },
      },
    ];
  }

  /** The forming candle, and the one before it: a candle that closed while we were away is told as closed. */
  async refresh(): Promise<void> {
    const { exchange, market, clock } = this.parts;
    const name = ccxtTimeframes[this.timeframe];
    const rows = await this.parts.ask(() => exchange.fetchOHLCV(market.symbol, name, undefined, 2));
    for (const candle of readCandles(rows, timeframeMs[this.timeframe], clock()))
      this.#tell(this.#sequence.asked(candle));
  }

  interrupted(): void {
    this.#sequence.interrupt();
  }

  failed(): void {
    // Each row is a whole candle; the next one makes good for a lost one.
  }

  stop(): void {
    // Holds no timer.
  }

  #tell(candles: readonly Candle[]): void {
    const { market, clock } = this.parts;
    for (const candle of candles) {
      const times = { exchangeTime: null, receivedTime: clock() };
      this.parts.emit({ type: 'candle', update: { marketId: market.id, timeframe: this.timeframe, candle, ...times } });
    }
  }
}

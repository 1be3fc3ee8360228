import type { CcxtClass, CcxtClient, CcxtExchange, CcxtHooks, CcxtBookHooks } from '../ccxtTypes';
import { exactBooks } from '../exactBooks';
import type { ExactBookSide } from '../exactBookSide';
import { readList, readRecord } from '../readNumbers';
import { toleratedSwaps } from './toleratedSwaps';

/** The handlers of ccxt's binance class that are overridden here. */
interface BinanceHandlers extends CcxtExchange, CcxtHooks, CcxtBookHooks {
  readonly ohlcvs: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  handleDelta(side: ExactBookSide, delta: unknown): void;
  handleOHLCV(client: CcxtClient, message: unknown): void;
  safeSymbol(id: unknown, market: undefined, delimiter: undefined, type: string): string;
  findTimeframe(interval: unknown): string;
  isSpotUrl(client: CcxtClient): boolean;
}

/** Binance's sockets tell text; ccxt's handlers for books and candles read it as floats. These keep the text. */
export function refineBinance(base: CcxtClass): CcxtClass {
  const parent = exactBooks(toleratedSwaps(base)) as CcxtClass<BinanceHandlers>;
  return class extends parent {
    /** delta: [price, amount] as it came. */
    override handleDelta(side: ExactBookSide, delta: unknown): void {
      side.storeArray(delta);
    }

    /** ccxt's row, with the exact text in place of the floats and Binance's own "is closed" at its end. */
    override handleOHLCV(client: CcxtClient, message: unknown): void {
      // ccxt resolves its future in here, but whoever awaits it runs only after this method has ended.
      super.handleOHLCV(client, message);
      const kline = readRecord(readRecord(message, 'kline message').k, 'kline');
      const symbol = this.safeSymbol(kline.s, undefined, undefined, this.isSpotUrl(client) ? 'spot' : 'contract');
      const rows = readList(this.ohlcvs[symbol]?.[this.findTimeframe(kline.i)], 'candles');
      const row = rows.findLast((candidate) => readList(candidate, 'candle')[0] === kline.t) as unknown[] | undefined;
      row?.splice(1, 6, kline.o, kline.h, kline.l, kline.c, kline.v, kline.x);
    }
  };
}

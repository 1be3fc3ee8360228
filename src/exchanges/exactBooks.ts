import type { CcxtClass } from './ccxtTypes';
import { ExactOrderBook } from './exactOrderBook';
import { readRecord } from './readNumbers';

/** Makes a ccxt class keep books digit by digit, those of REST too: ccxt reads both as floats, whatever `number` is set to. */
export function exactBooks(base: CcxtClass): CcxtClass {
  return class extends base {
    override orderBook(): ExactOrderBook {
      return new ExactOrderBook();
    }

    /** One level of a REST book, as the text that came. */
    override parseOrderBookBidAsk(
      level: unknown,
      priceKey: string | number = 0,
      amountKey: string | number = 1,
    ): unknown {
      const row = readRecord(level, 'level');
      return [row[priceKey], row[amountKey]];
    }
  };
}

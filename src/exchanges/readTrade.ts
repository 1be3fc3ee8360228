import type { EpochMs, PublicTrade } from '../domain/marketData';
import type { MarketId } from '../domain/market';
import { BadMarketData } from './badMarketData';
import type { TradeFacts } from './exchangeDifferences';
import { readAmount, readPrice, readRecord, readText, readTime } from './readNumbers';

/** Trades counted to tell apart equal ones; more than one REST answer holds. */
const rememberedTrades = 4_000;

const wholeNumber = /^\d{1,30}$/;

type TradeIds = TradeFacts['tradeIds'];

/**
 * Reads ccxt's trade structures of one market. Where the exchange gives no ids, a trade is named by what it is and by
 * its number among its equals, so that the stream and REST call it the same.
 */
export class TradeReader {
  readonly #liveEquals = new Map<string, number>();

  constructor(
    private readonly marketId: MarketId,
    private readonly idsAre: TradeIds,
  ) {}

  /** One batch of the stream. Throws BadMarketData. */
  live(rows: readonly unknown[], receivedTime: EpochMs): readonly PublicTrade[] {
    return rows.map((row) => this.#read(row, receivedTime, this.#liveEquals));
  }

  /** One answer of REST. Throws BadMarketData. */
  asked(rows: readonly unknown[], receivedTime: EpochMs): readonly PublicTrade[] {
    const equals = new Map<string, number>();
    return rows.map((row) => this.#read(row, receivedTime, equals));
  }

  /** The stream begins anew. */
  interrupted(): void {
    this.#liveEquals.clear();
  }

  #read(value: unknown, receivedTime: EpochMs, equals: Map<string, number>): PublicTrade {
    const raw = readRecord(value, 'trade');
    if (raw.side !== 'buy' && raw.side !== 'sell') throw new BadMarketData('side of a trade is missing');
    const trade = {
      marketId: this.marketId,
      side: raw.side === 'buy' ? ('BUY' as const) : ('SELL' as const),
      price: readPrice(raw.price),
      amount: readAmount(raw.amount),
      cost: readAmount(raw.cost, 'cost'),
      exchangeTime: readTime(raw.timestamp),
      receivedTime,
    };
    const id = this.idsAre === 'absent' ? nameOf(trade, equals) : readText(raw.id, 'trade id');
    if (this.idsAre === 'consecutive' && !wholeNumber.test(id))
      throw new BadMarketData('trade id is not a whole number');
    return { ...trade, id };
  }
}

function nameOf(trade: Omit<PublicTrade, 'id'>, equals: Map<string, number>): string {
  const name = `${trade.exchangeTime}-${trade.side}-${trade.price}-${trade.amount}`;
  const number = equals.get(name) ?? 0;
  equals.set(name, number + 1);
  if (equals.size > rememberedTrades) {
    const [oldest] = equals.keys();
    if (oldest !== undefined) equals.delete(oldest);
  }
  return `${name}-${number}`;
}

import type { Bus } from '../bus/bus';
import { tickerTopic } from '../bus/marketTopics';
import type { DecimalString } from '../domain/decimal';
import { parseMarketId, toMarketId, type Market } from '../domain/market';
import type { EpochMs } from '../domain/marketData';
import type { MarketRules } from '../domain/marketRules';
import { product, quotient } from '../domain/money';
import type { Fee } from '../domain/orders';
import { AppError } from '../errors/appError';
import type { ExchangeRegistry } from '../exchanges/exchangeRegistry';
import type { MarketData } from './marketData';

const zero = '0' as DecimalString;
const one = '1' as DecimalString;

function inverse(price: DecimalString | null): DecimalString | null {
  return price === null || price === zero ? null : quotient(one, price);
}

/** Markets as those who trade in them need them: their rules, and a price with the moment at which its source was last proven alive. */
export class MarketQuotes {
  constructor(
    private readonly parts: {
      readonly bus: Bus;
      readonly marketData: MarketData;
      readonly exchanges: ExchangeRegistry;
    },
  ) {}

  market(id: string): Promise<Market | null> {
    return this.parts.marketData.market(id);
  }

  /** Throws MARKET_NOT_FOUND, EXCHANGE_UNAVAILABLE. */
  async rules(id: string): Promise<MarketRules> {
    const parsed = parseMarketId(id);
    const exchange = parsed === null ? null : this.parts.exchanges.find(parsed.exchange);
    if (parsed === null || exchange === null) throw new AppError('MARKET_NOT_FOUND');
    return exchange.marketRules(parsed.symbol);
  }

  /** Throws MARKET_NOT_FOUND, EXCHANGE_UNAVAILABLE, EXCHANGE_RATE_LIMITED. */
  async quote(id: string): Promise<{
    readonly bid: DecimalString | null;
    readonly ask: DecimalString | null;
    readonly last: DecimalString | null;
    readonly provenAt: EpochMs;
  }> {
    const { bid, ask, last, receivedTime } = await this.parts.marketData.ticker(id);
    const { stale, aliveAt } = this.parts.marketData.health(id);
    // A live feed that is silent because nothing happens is as good as its heartbeat.
    return { bid, ask, last, provenAt: stale ? receivedTime : Math.max(receivedTime, aliveAt ?? 0) };
  }

  /** What one unit of a currency is worth in another at this exchange; null where no current price says. Never rejects. */
  async rate(exchange: string, currency: string, into: string): Promise<DecimalString | null> {
    if (currency === into) return one;
    return (
      (await this.#lastOf(toMarketId(exchange, `${currency}/${into}`))) ??
      inverse(await this.#lastOf(toMarketId(exchange, `${into}/${currency}`)))
    );
  }

  async #lastOf(id: string): Promise<DecimalString | null> {
    try {
      return (await this.quote(id)).last;
    } catch (error) {
      if (error instanceof AppError) return null;
      throw error;
    }
  }

  /** What a fee is worth in another currency by the price that is live now; "0" where there is none. */
  worthOf(exchange: string, fee: Fee, quote: string): DecimalString {
    const message = this.parts.bus.last(tickerTopic(toMarketId(exchange, `${fee.currency}/${quote}`)));
    const price = message?.kind === 'data' ? message.data.last : null;
    return price === null ? zero : product(fee.cost, price);
  }
}

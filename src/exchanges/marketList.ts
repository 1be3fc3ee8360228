import type { EpochMs } from '../domain/marketData';
import type { Market } from '../domain/market';
import type { Logger } from '../telemetry/logger';
import { BadMarketData } from './badMarketData';
import type { CcxtConnection } from './ccxtConnection';
import type { CcxtExchange } from './ccxtTypes';
import type { ExchangeDifferences } from './exchangeDifferences';
import type { ExchangeSettings } from './exchangeSettings';
import { readMarket } from './readMarket';
import { readRecord } from './readNumbers';

const rememberedForMs = 3_600_000;

/** While a part of the exchange did not answer. */
const incompleteForMs = 60_000;

/** The markets of one exchange: asked once, remembered for an hour, and kept while the exchange is away. */
export class MarketList {
  #markets: ReadonlyMap<string, Market> | null = null;
  #readAt: EpochMs = 0;
  #rememberedForMs = rememberedForMs;
  #reading: Promise<ReadonlyMap<string, Market>> | null = null;

  constructor(
    private readonly parts: {
      readonly settings: ExchangeSettings;
      readonly differences: ExchangeDifferences;
      readonly connection: CcxtConnection;
      readonly clock: () => EpochMs;
      readonly logger: Logger;
    },
  ) {}

  /** Rejects with EXCHANGE_UNAVAILABLE or EXCHANGE_RATE_LIMITED only while nothing is known yet. */
  async read(): Promise<ReadonlyMap<string, Market>> {
    const known = this.#markets;
    if (known !== null && this.parts.clock() - this.#readAt < this.#rememberedForMs) return known;
    this.#reading ??= this.#ask().finally(() => {
      this.#reading = null;
    });
    if (known === null) return this.#reading;
    this.#reading.catch((error: unknown) => {
      this.parts.logger.warn({ err: error, exchange: this.parts.settings.id }, 'markets could not be refreshed');
    });
    return known;
  }

  async #ask(): Promise<ReadonlyMap<string, Market>> {
    const { connection, clock } = this.parts;
    const exchange = await connection.exchange();
    // `true`: ccxt keeps a failed first load for ever otherwise.
    const raw = await connection.rest.ask(() => exchange.loadMarkets(true));
    this.#markets = this.#parse(raw, exchange);
    this.#readAt = clock();
    this.#rememberedForMs = exchange.marketsAreIncomplete === true ? incompleteForMs : rememberedForMs;
    return this.#markets;
  }

  #parse(raw: unknown, exchange: CcxtExchange): ReadonlyMap<string, Market> {
    const markets = new Map<string, Market>();
    const facts = { precisionMode: exchange.precisionMode, hasSwaps: this.parts.differences.hasSwaps };
    for (const [symbol, value] of Object.entries(readRecord(raw, 'markets'))) {
      try {
        const market = readMarket(value, this.parts.settings.id, facts);
        if (market !== null) markets.set(market.symbol, market);
      } catch (error) {
        if (!(error instanceof BadMarketData)) throw error;
        this.parts.connection.countBadData('markets');
        this.parts.logger.warn({ err: error, exchange: this.parts.settings.id, symbol }, 'market left out');
      }
    }
    return markets;
  }
}

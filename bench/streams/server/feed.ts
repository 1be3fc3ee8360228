import type { Bus } from '../../../src/bus/bus';
import { tickerTopic } from '../../../src/bus/marketTopics';
import { toDecimalString } from '../../../src/domain/decimal';
import type { Ticker } from '../../../src/domain/marketData';
import { marketIdOf } from '../markets';
import { priceOf } from '../sequence';

const decimal = toDecimalString;

/** Stands for the exchanges: publishes what the client asks for, on the bus of one server. */
export class Feed {
  #marketCount = 0;

  get marketCount(): number {
    return this.#marketCount;
  }

  constructor(private readonly bus: Bus) {}

  /** Gives so many markets a state to open with. */
  openMarkets(count: number): void {
    this.#marketCount = count;
    for (let market = 0; market < count; market += 1) this.#publish(market, 0, true);
  }

  /** One event of one market, or (null) one of each. */
  publish(market: number | null, sequence: number): void {
    if (market !== null) {
      this.#publish(market, sequence, false);
      return;
    }
    for (let each = 0; each < this.#marketCount; each += 1) this.#publish(each, sequence, false);
  }

  #publish(market: number, sequence: number, isRestart: boolean): void {
    const id = marketIdOf(market);
    const last = decimal(priceOf(market, sequence));
    const data: Ticker = { ...still, marketId: id, last, exchangeTime: null, receivedTime: Date.now() };
    this.bus.publish(tickerTopic(id), { kind: 'data', data, isRestart });
  }
}

/** What of a ticker does not change here. */
const still = {
  bid: decimal('96722.78'),
  ask: decimal('96734.81'),
  bidVolume: decimal('1.5'),
  askVolume: decimal('2.25'),
  open: decimal('96000'),
  high: decimal('97000'),
  low: decimal('95000'),
  vwap: null,
  change: decimal('722.78'),
  percentage: decimal('0.75'),
  baseVolume: decimal('1000'),
  quoteVolume: decimal('96000000'),
} as const;

import type { Bus } from '../bus/bus';
import { tickerTopic, type TickerMessage } from '../bus/marketTopics';
import type { DecimalString } from '../domain/decimal';
import { parseMarketId } from '../domain/market';
import type { AccountLog, AccountReader, PositionRecord } from '../trading/accountLog';
import { viewPosition, type PositionView } from '../trading/positionView';
import { markPriceOf } from '../trading/risk/priceTable';
import type { AccountContent, ChangesBetween, ReadContent } from './accountContent';

/** SNAPSHOT: every open position. UPDATE: those that have changed, and the ids of those that were closed. STALE: none. */
export interface PositionsBody {
  readonly positions: readonly PositionView[];
  readonly removed: readonly string[];
}

export interface PositionsContentParts {
  readonly log: Pick<AccountLog, 'positions'>;
  readonly bus: Bus;
  readonly accountId: string;
  readonly intervalMs: number;
}

interface Price {
  /** Null while no current one is known. */
  readonly mark: DecimalString | null;
  readonly leave: () => void;
}

/** Open positions at the prices of now. The ticker of each market is followed once, for as long as a position of it is open. */
export class PositionsContent implements AccountContent<PositionsBody> {
  readonly stream = 'positions';
  readonly kind = 'position';
  readonly between: ChangesBetween<PositionsBody>;
  readonly #open = new Map<string, PositionRecord>();
  readonly #prices = new Map<string, Price>();
  /** Markets whose price has changed since it was told. */
  readonly #moved = new Set<string>();
  #onChange: () => void = () => undefined;
  #isReleased = false;

  constructor(private readonly parts: PositionsContentParts) {
    this.between = {
      intervalMs: parts.intervalMs,
      follow: (onChange) => {
        this.#onChange = onChange;
      },
      take: () => this.#takeMoved(),
      release: () => {
        this.#isReleased = true;
        this.#open.clear();
        this.#followMarkets();
      },
    };
  }

  async read(reader: AccountReader): Promise<ReadContent | null> {
    const known = await this.parts.log.positions(reader, this.parts.accountId);
    if (known === null) return null;
    const keep = (): void => {
      this.#open.clear();
      for (const position of known.positions) this.#open.set(position.id, position);
      this.#followMarkets();
    };
    return { seq: known.seq, keep };
  }

  toUpdate(payload: unknown): PositionsBody {
    const position = payload as PositionRecord;
    const view = this.#view(position);
    return view === null ? { positions: [], removed: [position.id] } : { positions: [view], removed: [] };
  }

  apply(payload: unknown): void {
    const position = payload as PositionRecord;
    if (this.#view(position) === null) this.#open.delete(position.id);
    else this.#open.set(position.id, position);
    this.#followMarkets();
  }

  whole(): PositionsBody {
    return { positions: this.#views(() => true), removed: [] };
  }

  lastKnown(): PositionsBody {
    return { positions: [], removed: [] };
  }

  #takeMoved(): PositionsBody | null {
    const positions = this.#views(({ marketId }) => this.#moved.has(marketId));
    this.#moved.clear();
    return positions.length === 0 ? null : { positions, removed: [] };
  }

  #views(isWanted: (position: PositionRecord) => boolean): readonly PositionView[] {
    return [...this.#open.values()]
      .filter(isWanted)
      .map((position) => this.#view(position))
      .filter((view) => view !== null);
  }

  #view(position: PositionRecord): PositionView | null {
    return viewPosition(position, this.#prices.get(position.marketId)?.mark ?? null);
  }

  #followMarkets(): void {
    const wanted = new Set(this.#isReleased ? [] : [...this.#open.values()].map(({ marketId }) => marketId));
    for (const [marketId, price] of this.#prices) {
      if (wanted.has(marketId as PositionRecord['marketId'])) continue;
      price.leave();
      this.#prices.delete(marketId);
      this.#moved.delete(marketId);
    }
    for (const marketId of wanted) if (!this.#prices.has(marketId)) this.#followMarket(marketId);
  }

  #followMarket(marketId: PositionRecord['marketId']): void {
    if (parseMarketId(marketId) === null) return;
    const topic = tickerTopic(marketId);
    const leave = this.parts.bus.subscribe(topic, (message) => {
      this.#reprice(marketId, message);
    });
    this.#prices.set(marketId, { mark: markOf(this.parts.bus.last(topic)), leave });
  }

  #reprice(marketId: string, message: TickerMessage): void {
    const price = this.#prices.get(marketId);
    const mark = markOf(message);
    if (price === undefined || price.mark === mark) return;
    this.#prices.set(marketId, { ...price, mark });
    this.#moved.add(marketId);
    this.#onChange();
  }
}

/** Null where the ticker is silent: what was last known is no current price. */
export function markOf(message: TickerMessage | null): DecimalString | null {
  if (message?.kind !== 'data') return null;
  const { bid, ask, last, receivedTime } = message.data;
  return markPriceOf({ bid, ask, last, provenAt: receivedTime });
}

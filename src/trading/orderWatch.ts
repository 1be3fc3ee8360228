import type { OrderPhase } from '../domain/orderPhases';
import type { OrderRecord } from '../storage/trading/records';
import type { TradingStore } from '../storage/trading/tradingStore';

/** Another node's commits are not heard of here at once. */
const lookEveryMs = 250;

/** An order in one of these waits for an answer of the exchange that usually comes at once. */
const passing: ReadonlySet<OrderPhase> = new Set(['PENDING', 'SENDING', 'CANCELING', 'EDITING']);

/** The exchange tells that it has an order before it tells what came of it, even where it cannot rest. */
function isPassing({ phase, type, timeInForce }: OrderRecord): boolean {
  const cannotRest = type === 'MARKET' || timeInForce === 'IOC' || timeInForce === 'FOK';
  return passing.has(phase) || (cannotRest && (phase === 'OPEN' || phase === 'PARTIALLY_FILLED'));
}

/** Waits, for a while, until an order is not on its way any more: so that who asked can be told what came of it. */
export class OrderWatch {
  readonly #waiting = new Map<string, Set<(order: OrderRecord) => void>>();
  readonly #leave: () => void;

  constructor(
    private readonly parts: {
      readonly store: TradingStore;
      readonly schedule: (task: () => void, delayMs: number) => () => void;
      /** At most so long: an order that takes longer is given as it is. */
      readonly patienceMs: number;
    },
  ) {
    this.#leave = parts.store.onCommit((_accountId, events) => {
      for (const { kind, payload } of events) {
        if (kind !== 'order') continue;
        const order = payload as OrderRecord;
        for (const hear of this.#waiting.get(order.id) ?? []) hear(order);
      }
    });
  }

  close(): void {
    this.#leave();
  }

  /** The order once it is not passing any more, or when patience ends. order: as it was committed last. */
  async settled(order: OrderRecord): Promise<OrderRecord> {
    const rounds = Math.ceil(this.parts.patienceMs / lookEveryMs);
    const news = this.#listen(order);
    try {
      for (let round = 0; round < rounds && isPassing(news.latest()); round += 1) {
        await news.settledWithin(lookEveryMs);
        if (!isPassing(news.latest())) break;
        const found = await this.parts.store.order(order.accountId, order.id);
        if (found !== null) news.hear(found);
      }
    } finally {
      news.end();
    }
    return news.latest();
  }

  /** Follows an order from here on: what this node commits is heard, what others do is for the caller to look up. */
  #listen(order: OrderRecord): {
    readonly latest: () => OrderRecord;
    readonly hear: (order: OrderRecord) => void;
    readonly settledWithin: (ms: number) => Promise<void>;
    readonly end: () => void;
  } {
    let latest = order;
    let onSettled = (): void => undefined;
    const hear = (news: OrderRecord): void => {
      // What was looked up may be older than what was heard meanwhile.
      if (news.version >= latest.version) latest = news;
      if (!isPassing(latest)) onSettled();
    };
    const waiting = this.#waiting.get(order.id) ?? new Set();
    this.#waiting.set(order.id, waiting.add(hear));
    return {
      latest: () => latest,
      hear,
      settledWithin: (ms) =>
        new Promise((resolve) => {
          const cancel = this.parts.schedule(resolve, ms);
          onSettled = () => {
            cancel();
            resolve();
          };
        }),
      end: () => {
        waiting.delete(hear);
        if (waiting.size === 0) this.#waiting.delete(order.id);
      },
    };
  }
}

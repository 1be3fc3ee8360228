import type { Market } from '../domain/market';
import type { OrderReport } from '../domain/orders';
import type { AccountEvent } from '../exchanges/tradingPort';
import type { OrderRecord } from '../storage/trading/records';
import { LeadershipLost } from '../storage/trading/tradingStore';
import type { AccountDesk } from './accountDesk';
import type { Booking } from './booking';
import { bookWithFills } from './bookWithFills';

/** A fill comes with the same frame as the end of its order; one that does not is asked for. */
const patienceMs = 1_000;

/** Booked in one transaction at most: a longer one would keep an order of the account waiting. */
const mostTogether = 100;

/** What a socket tells of an order or of an execution. */
export type News = Extract<AccountEvent, { type: 'order' | 'fill' }>;

type NewsOfMarket = News & { readonly market: Market };

/** The end of an order, told before executions that it counts. */
export interface Lacking {
  readonly order: OrderRecord;
  readonly market: Market;
  readonly report: OrderReport;
}

/** By the exchange's id of the order. */
interface Booked {
  readonly lacking: Map<string, Lacking>;
  readonly complete: Set<string>;
}

interface Waiting extends Lacking {
  readonly cancel: () => void;
}

/**
 * Books what the socket of an exchange tells, in the order in which it came; what came while something else was being booked goes
 * into one transaction. An order's end comes before the executions that made it: it is booked with the last of them, so that nobody
 * is told of an order that is closed and holds nothing, and no fill looks as if it came too late.
 */
export class HeardNews {
  readonly #waiting = new Map<string, Waiting>();
  #heard: News[] = [];
  #booking: Promise<void> | null = null;

  constructor(
    private readonly desk: AccountDesk,
    private readonly parts: {
      readonly schedule: (task: () => void, delayMs: number) => () => void;
      readonly onFailure: (error: unknown) => void;
    },
  ) {}

  hear(news: News): void {
    this.#heard.push(news);
    this.#booking ??= this.#bookAll();
  }

  /** Books the end of an order with the last of its executions, which are still to be told. */
  expect(lacking: Lacking): void {
    const { exchangeOrderId } = lacking.report;
    this.#forget(exchangeOrderId);
    const cancel = this.parts.schedule(() => {
      this.#waiting.delete(exchangeOrderId);
      // Where this fails as well, the next comparison with the exchange brings both.
      bookWithFills(this.desk, lacking).catch(this.parts.onFailure);
    }, patienceMs);
    this.#waiting.set(exchangeOrderId, { ...lacking, cancel });
  }

  /** Resolves when everything that was told is booked. Waits for nothing that is still lacking. */
  async stop(): Promise<void> {
    await this.#booking;
    for (const { cancel } of this.#waiting.values()) cancel();
    this.#waiting.clear();
  }

  /** Never rejects: what could not be booked comes with the next comparison with the exchange. */
  async #bookAll(): Promise<void> {
    while (this.#heard.length > 0) await this.#bookWhatCanBe(await this.#placed(this.#heard.splice(0, mostTogether)));
    this.#booking = null;
  }

  /** What cannot be booked keeps nothing else from it. */
  async #bookWhatCanBe(heard: readonly NewsOfMarket[]): Promise<void> {
    try {
      await this.#bookTogether(heard);
    } catch (error) {
      if (heard.length <= 1 || error instanceof LeadershipLost) this.parts.onFailure(error);
      else for (const news of heard) await this.#bookWhatCanBe([news]);
    }
  }

  /** Without those of a market that the exchange does not list. */
  async #placed(heard: readonly News[]): Promise<readonly NewsOfMarket[]> {
    const placed: NewsOfMarket[] = [];
    for (const news of heard) {
      const { symbol } = news.type === 'order' ? news.report : news.fill;
      try {
        placed.push({ ...news, market: await this.desk.marketOf(symbol) });
      } catch (error) {
        this.parts.onFailure(error);
      }
    }
    return placed;
  }

  async #bookTogether(heard: readonly NewsOfMarket[]): Promise<void> {
    const booked = await this.desk.book(async (booking) => {
      const sofar: Booked = { lacking: new Map(), complete: new Set() };
      for (const news of heard) await this.#book(booking, news, sofar);
      return sofar;
    });
    for (const exchangeOrderId of booked.complete) this.#forget(exchangeOrderId);
    for (const lacking of booked.lacking.values()) this.expect(lacking);
  }

  async #book(booking: Booking, news: NewsOfMarket, { lacking, complete }: Booked): Promise<void> {
    const { market } = news;
    if (news.type === 'order') {
      const { report } = news;
      const order = report.status === 'OPEN' ? null : await booking.lackingFills(market, report);
      if (order === null) await booking.report(market, report, 'the exchange told');
      else lacking.set(report.exchangeOrderId, { order, market, report });
      return;
    }
    await booking.fill(market, news.fill);
    const { exchangeOrderId } = news.fill;
    const end = lacking.get(exchangeOrderId) ?? this.#waiting.get(exchangeOrderId);
    if (end === undefined || (await booking.lackingFills(market, end.report)) !== null) return;
    await booking.report(market, end.report, 'the exchange told');
    lacking.delete(exchangeOrderId);
    complete.add(exchangeOrderId);
  }

  #forget(exchangeOrderId: string): void {
    this.#waiting.get(exchangeOrderId)?.cancel();
    this.#waiting.delete(exchangeOrderId);
  }
}

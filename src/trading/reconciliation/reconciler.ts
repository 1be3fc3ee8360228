import type { EpochMs } from '../../domain/marketData';
import type { ExchangeBalance, ExchangePosition } from '../../exchanges/tradingPort';
import type { AccountDesk } from '../accountDesk';
import { bookUnexplained, compareBalances, ledgerOpenedAt, openLedger } from './balanceComparison';
import type { Difference } from './difference';
import { learnFills } from './learnFills';
import { learnOrders } from './learnOrders';
import { comparePositions } from './positionComparison';
import { learnTransfers } from './learnTransfers';

/** What the exchange says it has, and the account's number of events before it was asked. */
interface Answers {
  readonly balances: readonly ExchangeBalance[];
  readonly positions: readonly ExchangePosition[];
  readonly seq: number;
}

interface Judgement {
  /** Something was booked meanwhile: a difference may be of that. */
  readonly isDisturbed: boolean;
  readonly uncertain: readonly Difference[];
  /** In which balances differ. */
  readonly currencies: ReadonlySet<string>;
}

/** The exchange's clock is not ours, and its history may lag behind its answers. */
const overlapMs = 60_000;

/** Rounds may follow each other at once, where one is due when the connection is back. */
const confirmedAfterMs = 4_000;

/**
 * Compares one account with its exchange: what happened there and is not known here is booked like any other news; what still
 * differs afterwards is written down and told, and never traded away. Rounds follow each other.
 */
export class Reconciler {
  #round: Promise<unknown> = Promise.resolve();
  #since: EpochMs | null = null;
  /** What differs, and since when: it counts once it is seen again a while later, because an exchange's history may lag behind it. */
  #suspected: ReadonlyMap<string, EpochMs> = new Map();
  /** What is known and told. It is told again only after it was gone. */
  #told: ReadonlySet<string> = new Set();
  #currencies: ReadonlySet<string> = new Set();
  /** Something was booked while the last round asked, so that it could not say what differs. */
  #wasDisturbed = false;

  /**
   * Gives whether something differs that has to be looked at again soon. Rejects where the exchange does not answer: the account is
   * then not open for orders, or stays as it is.
   */
  reconcile(desk: AccountDesk): Promise<boolean> {
    const round = this.#round.catch(() => undefined).then(() => this.#compare(desk));
    this.#round = round;
    return round;
  }

  async #compare(desk: AccountDesk): Promise<boolean> {
    const startedAt = desk.now();
    const openedAt = await ledgerOpenedAt(desk);
    const opening = openedAt === null ? await desk.port.balances() : null;
    const since = Math.max(openedAt ?? desk.openedAt, this.#since ?? (await sinceLast(desk)));
    const ofOrders = await learnOrders(desk, { isOpening: opening !== null });
    const seq = await desk.eventSeq();
    const [balances, positions] = await Promise.all([desk.port.balances(), desk.port.positions()]);
    const ofMarkets = await learnFills(desk, since, this.#currencies);
    await learnTransfers(desk, { openedAt: openedAt ?? desk.openedAt, since });
    if (opening !== null) await openLedger(desk, opening);
    const judged = await this.#judge(desk, { balances, positions, seq });
    this.#currencies = judged.currencies;
    this.#since = startedAt - overlapMs;
    return this.#publish(desk, startedAt, { ...judged, certain: [...ofOrders, ...ofMarkets] });
  }

  /**
   * Holds what the exchange said against the ledger. Whatever its answers hold was executed before they were given, and the history was
   * asked for afterwards: where nothing was booked from before the questions until now, nothing is on its way that explains a difference.
   */
  #judge(desk: AccountDesk, { balances, positions, seq }: Answers): Promise<Judgement> {
    return desk.book(async (booking, tx) => {
      const isDisturbed = tx.account.eventSeq !== seq;
      const differing = await compareBalances(balances, tx);
      const ofPositions = await comparePositions(desk, positions, tx);
      for (const found of isDisturbed ? [] : differing)
        if (this.#isConfirmed(found, desk.now())) await bookUnexplained(booking, tx, { ...found, at: desk.now() });
      return {
        isDisturbed,
        uncertain: [...differing, ...ofPositions],
        currencies: new Set(differing.map(({ currency }) => currency)),
      };
    });
  }

  /** Writes down and tells what is confirmed. Gives whether to look again soon. */
  async #publish(desk: AccountDesk, at: EpochMs, round: Judgement & { readonly certain: readonly Difference[] }) {
    const { certain, uncertain, isDisturbed } = round;
    const found = [...certain, ...uncertain];
    const isConfirmed = (difference: Difference): boolean => this.#isConfirmed(difference, desk.now());
    const confirmed = [...certain.filter(isConfirmed), ...(isDisturbed ? [] : uncertain.filter(isConfirmed))];
    const standing = found.filter((each) => confirmed.includes(each) || this.#told.has(each.key));
    await desk.book(async (_booking, tx) => {
      await tx.updateAccount({ reconciledEpoch: tx.house.epoch });
      await tx.insertReconciliation({ at, differences: standing.map(({ text }) => text) });
    });
    for (const { key, text } of confirmed) {
      if (this.#told.has(key)) continue;
      desk.logger.error({ difference: text }, 'account differs from its exchange');
      desk.alarm({ kind: 'DIFFERS_FROM_EXCHANGE', orderId: null, detail: text });
    }
    this.#told = new Set(standing.map(({ key }) => key));
    return this.#noteSuspects(round, desk.now());
  }

  #isConfirmed({ key }: Difference, now: EpochMs): boolean {
    const since = this.#suspected.get(key);
    return since !== undefined && now - since >= confirmedAfterMs;
  }

  /** A disturbed round proves nothing, but what it sees again stays suspected. Gives whether to look again soon. */
  #noteSuspects(
    { certain, uncertain, isDisturbed }: Judgement & { readonly certain: readonly Difference[] },
    now: EpochMs,
  ): boolean {
    const isOpen = [...certain, ...(isDisturbed ? [] : uncertain)].some((found) => !this.#isConfirmed(found, now));
    const seen = isDisturbed ? uncertain.filter(({ key }) => this.#suspected.has(key)) : uncertain;
    this.#suspected = new Map([...certain, ...seen].map(({ key }) => [key, this.#suspected.get(key) ?? now]));
    // An account that is never quiet is not asked about all the time.
    const isWorthAnother = isDisturbed && !this.#wasDisturbed && uncertain.length > 0;
    this.#wasDisturbed = isDisturbed;
    return isOpen || isWorthAnother;
  }
}

/** From the last comparison of any node on. */
async function sinceLast(desk: AccountDesk): Promise<EpochMs> {
  const last = await desk.reconciledAt();
  return last === null ? 0 : last - overlapMs;
}

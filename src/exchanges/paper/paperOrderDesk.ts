import { checkMarketRules, isAlgoOrder } from '../../domain/checkMarketRules';
import type { EpochMs } from '../../domain/marketData';
import type { OrderTerms } from '../../domain/orders';
import type { PaperOrder } from '../../domain/paperLedger';
import type { CancelOutcome, SendOutcome } from '../tradingPort';
import type { OpenView } from './enterBook';
import { endOrder } from './execution';
import type { LedgerDraft } from './ledgerDraft';
import { textOf } from './money';
import type { PaperAccount } from './paperAccount';
import type { PaperMarkets } from './paperMarkets';
import type { PaperStore } from './paperStore';
import { placeOrder, refused, type Placement } from './placeOrder';
import { toReport } from './reports';

/** Binance's recvWindow as we send it: later than this after it was signed, an order is refused. */
const validForMs = 5_000;

const duplicate = refused('DUPLICATE_CLIENT_ORDER_ID', 'this client order id was used before');

interface SentOrder {
  readonly clientOrderId: string;
  readonly terms: OrderTerms;
  readonly signedAt: EpochMs;
}

/** Takes orders of one account in, and back. An outcome is answered once it is stored; `unknown` where nobody knows whether it was. */
export class PaperOrderDesk {
  constructor(
    private readonly parts: {
      readonly account: PaperAccount;
      readonly markets: PaperMarkets;
      readonly store: PaperStore;
      readonly clock: () => EpochMs;
    },
  ) {}

  async place(order: SentOrder): Promise<SendOutcome> {
    try {
      const outcome = await this.#place(order);
      return outcome.kind === 'refused' ? await this.#unlessKnown(outcome, order.clientOrderId) : outcome;
    } catch (error) {
      return { kind: 'unknown', reason: reasonOf(error) };
    }
  }

  async cancel(clientOrderId: string): Promise<CancelOutcome> {
    try {
      const canceled = (await this.#cancel(clientOrderId)) ?? (await this.#cancelAfresh(clientOrderId));
      return canceled === null ? { kind: 'gone' } : { kind: 'accepted', report: toReport(canceled) };
    } catch (error) {
      return { kind: 'unknown', reason: reasonOf(error) };
    }
  }

  async #place(order: SentOrder): Promise<SendOutcome> {
    const { account, markets, clock } = this.parts;
    if (clock() - order.signedAt > validForMs) return refused('CLOCK_SKEWED', 'signed too long ago');
    const opened = await this.#openMarket(order.terms.symbol);
    if (opened === 'noMarket') return refused('EXCHANGE_REFUSED', 'there is no such market');
    // Nothing is executed at a price that nobody knows.
    if (opened === 'noBook') return refused('MARKET_CLOSED', 'the live book is not known at the moment');
    const outcome = await account.change((matching): Placement => {
      const live = markets.view(order.terms.symbol) ?? opened;
      const view = { ...live, book: live.book ?? opened.book, last: live.last ?? opened.last };
      return this.#refusedByRules(matching.draft, order.terms, view) ?? placeOrder(matching, order, view);
    });
    if (outcome === 'duplicate') return duplicate;
    const { result, draft } = outcome;
    if (result.kind === 'refused') return result;
    return { kind: 'accepted', report: toReport(result.order, draft.fills) };
  }

  /** A refusal means that there never will be such an order; of an id that was used before, that would be wrong. */
  async #unlessKnown(refusal: SendOutcome, clientOrderId: string): Promise<SendOutcome> {
    const known = await this.parts.store.findOrder(this.parts.account.id, clientOrderId);
    return known === null ? refusal : duplicate;
  }

  async #openMarket(symbol: string): Promise<OpenView | 'noMarket' | 'noBook'> {
    try {
      return await this.parts.markets.open(symbol);
    } catch {
      return 'noBook';
    }
  }

  async #cancel(clientOrderId: string): Promise<PaperOrder | null> {
    const outcome = await this.parts.account.change(({ draft }) => {
      const order = draft.openOrders().find((candidate) => candidate.clientOrderId === clientOrderId);
      return order === undefined ? null : endOrder(draft, order, 'CANCELED');
    });
    return outcome === 'duplicate' ? null : outcome.result;
  }

  /** Another process may have placed it. */
  async #cancelAfresh(clientOrderId: string): Promise<PaperOrder | null> {
    await this.parts.account.refresh();
    return this.#cancel(clientOrderId);
  }

  #refusedByRules(draft: LedgerDraft, terms: OrderTerms, view: OpenView): Placement | null {
    const { market, rules, last, mark } = view;
    if (!market.active) return refused('MARKET_CLOSED', 'the market does not trade');
    const open = draft.openOrders().filter((order) => order.terms.symbol === market.symbol);
    const lastPrice = last === null ? null : textOf(last);
    const violation = checkMarketRules(rules, terms, {
      // The exchange takes its own average of some minutes; the last trade is what we have of it.
      averagePrice: lastPrice,
      lastPrice,
      markPrice: mark === null ? lastPrice : textOf(mark),
      openOrders: open.length,
      openAlgoOrders: open.filter((order) => isAlgoOrder(order.terms.type)).length,
    });
    return violation === null ? null : refused('MARKET_RULE_VIOLATED', violation.message);
  }
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : 'the store failed';
}

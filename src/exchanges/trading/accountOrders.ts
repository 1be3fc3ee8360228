import type { EpochMs } from '../../domain/marketData';
import type { OrderReport } from '../../domain/orders';
import { BadMarketData } from '../badMarketData';
import type { CcxtAccountExchange } from '../ccxtTypes';
import { readList, readRecord, readText } from '../readNumbers';
import type { CancelOutcome, ExecutedOrderReference, OrderReference, Urgency } from '../tradingPort';
import type { AccountMarkets } from './accountMarkets';
import type { AccountQuestions } from './accountQuestions';
import type { CallTrace } from './callTrace';
import { describeFailure } from './classifySending';
import { readHistory } from './history';
import type { AccountMarket, OrderList, TradingDifferences } from './tradingDifferences';

type Params = Readonly<Record<string, unknown>>;
type AnyReference = OrderReference | ExecutedOrderReference;
type Call = (exchange: CcxtAccountExchange, id: string | undefined, params: Params) => Promise<unknown>;

/** The orders that an exchange already has: found, listed, cancelled. */
export class AccountOrders {
  constructor(
    private readonly parts: {
      readonly questions: AccountQuestions;
      readonly markets: AccountMarkets;
      readonly differences: TradingDifferences;
      readonly clock: () => EpochMs;
    },
  ) {}

  async find(reference: AnyReference): Promise<OrderReport | null> {
    const found = await this.#askAbout(reference, (exchange, id, params) =>
      exchange.fetchOrder(id, reference.symbol, params),
    );
    return found?.report ?? null;
  }

  async cancel(reference: OrderReference): Promise<CancelOutcome> {
    try {
      const cancelled = await this.#askAbout(reference, (exchange, id, params) =>
        exchange.cancelOrder(id, reference.symbol, params),
      );
      return cancelled === null ? { kind: 'gone' } : { kind: 'accepted', report: cancelled.report };
    } catch (error) {
      return { kind: 'unknown', reason: describeFailure(error) };
    }
  }

  /** symbol: null for every market of the account. */
  async open(symbol: string | null, urgency?: Urgency): Promise<readonly OrderReport[]> {
    const { markets, differences, questions } = this.parts;
    const scopes = symbol === null ? await markets.wallets(differences.wallets) : [await markets.get(symbol)];
    const answers = scopes.flatMap((scope) => {
      const isSwap = typeof scope === 'string' ? scope === 'swap' : scope.isSwap;
      const where = typeof scope === 'string' ? { type: scope } : {};
      return differences
        .orderLists(isSwap)
        .map(({ params }) =>
          questions.ask(
            async (exchange) =>
              this.#read(
                await exchange.fetchOpenOrders(symbol ?? undefined, undefined, undefined, { ...where, ...params }),
              ),
            { urgency },
          ),
        );
    });
    return (await Promise.all(answers)).flat();
  }

  /** Those that were placed since then, whatever became of them. */
  async since(symbol: string, since: EpochMs, urgency?: Urgency): Promise<readonly OrderReport[]> {
    const { markets, questions, differences, clock } = this.parts;
    const market = await markets.get(symbol);
    const limits = differences.orderHistory;
    const lists = differences.orderLists(market.isSwap).map((list) =>
      readHistory({ since, now: clock(), limits }, (from, until) =>
        questions.ask(
          async (exchange) => {
            const params = { ...differences.historyParams(from, until), ...list.params };
            return this.#read(await exchange.fetchOrders(symbol, undefined, limits.rows, params));
          },
          { urgency },
        ),
      ),
    );
    return withoutRepeats((await Promise.all(lists)).flat());
  }

  /** Null where no list of the exchange has it; a report of null where it has and says no more. */
  async #askAbout(reference: AnyReference, call: Call): Promise<{ readonly report: OrderReport | null } | null> {
    const { markets, differences } = this.parts;
    const market = await markets.get(reference.symbol);
    const lists = differences.orderLists(market.isSwap);
    for (const list of reference.clientOrderId === null ? lists.slice(0, 1) : lists) {
      const answer = await this.#askList(reference, call, { list, market });
      if (answer !== null) return answer;
    }
    return null;
  }

  #askList(
    reference: AnyReference,
    call: Call,
    { list, market }: { readonly list: OrderList; readonly market: AccountMarket },
  ): Promise<{ readonly report: OrderReport | null } | null> {
    const { questions, differences } = this.parts;
    const { clientOrderId, exchangeOrderId } = reference;
    // Lists of their own have ids of their own, which may be the same: where there are two, our id goes first.
    const ownId = clientOrderId !== null && (exchangeOrderId === null || market.isSwap) ? clientOrderId : null;
    const id = ownId === null ? (exchangeOrderId ?? undefined) : undefined;
    const params = { ...list.params, ...(ownId === null ? {} : list.named(ownId)) };
    return questions.ask(
      async (exchange) => {
        const report = differences.readAnswer(await call(exchange, id, params), market);
        if (report !== null) assertIsAbout(report, reference, ownId === null);
        return { report };
      },
      { isAbsent: (trace) => this.#saysNoSuchOrder(trace) },
    );
  }

  #saysNoSuchOrder({ answer }: CallTrace): boolean {
    if (answer?.code == null || answer.status >= 500) return false;
    return this.parts.differences.noSuchOrder.includes(answer.code);
  }

  /** Rows of markets that this server does not trade (an inverse contract) are left out. */
  #read(rows: unknown): readonly OrderReport[] {
    const { markets, differences } = this.parts;
    return readList(rows, 'orders').flatMap((row) => {
      const market = markets.find(readText(readRecord(row, 'order').symbol, 'symbol'));
      return market === null ? [] : [differences.readOrder(row, market)];
    });
  }
}

function assertIsAbout(report: OrderReport, reference: AnyReference, isById: boolean): void {
  const isTheSame = isById
    ? report.exchangeOrderId === reference.exchangeOrderId
    : report.clientOrderId === reference.clientOrderId;
  if (!isTheSame) throw new BadMarketData('the answer is about another order');
}

/** An order that waited for its price stands in two lists; the first tells more of it. */
function withoutRepeats(reports: readonly OrderReport[]): readonly OrderReport[] {
  const seen = new Set<string>();
  return reports.filter(({ clientOrderId, exchangeOrderId }) => {
    const name = clientOrderId ?? exchangeOrderId;
    if (seen.has(name)) return false;
    seen.add(name);
    return true;
  });
}

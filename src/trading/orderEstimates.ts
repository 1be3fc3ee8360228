import { estimateExecution } from '../domain/estimateExecution';
import type { DecimalString } from '../domain/decimal';
import type { OrderBook } from '../domain/marketData';
import { product, sum } from '../domain/money';
import type { Fee } from '../domain/orders';
import type { Asker, IntentRequest, OrderIntake } from './orderIntake';

/** What an order would come to. Figures are null where the book is not deep enough, or where the order cannot be read. */
export interface OrderEstimate {
  readonly accepted: boolean;
  /** What placing it would be refused with. */
  readonly denyCode: string | null;
  readonly averagePrice: DecimalString | null;
  readonly cost: DecimalString | null;
  readonly fee: Fee | null;
  readonly slippage: DecimalString | null;
}

const none = { averagePrice: null, cost: null, fee: null, slippage: null } as const;

/** Says what would come of an order without placing it: the judgement of the order path, and the live book. */
export class OrderEstimates {
  constructor(
    private readonly parts: {
      readonly intake: Pick<OrderIntake, 'judge'>;
      /** Throws EXCHANGE_UNAVAILABLE, EXCHANGE_RATE_LIMITED. */
      readonly orderBook: (marketId: string) => Promise<OrderBook>;
    },
  ) {}

  async estimate(asker: Asker, request: IntentRequest): Promise<OrderEstimate> {
    const { refusal, prepared } = await this.parts.intake.judge(asker, request);
    const verdict = { accepted: refusal === null, denyCode: refusal?.code ?? null };
    if (prepared === null) return { ...verdict, ...none };
    const { market, terms } = prepared;
    const execution = estimateExecution(terms, await this.parts.orderBook(market.id));
    if (execution === null) return { ...verdict, ...none };
    const { averagePrice, cost, takenCost, restingCost, slippage } = execution;
    const { maker, taker } = market;
    const fee =
      maker === null || taker === null
        ? null
        : {
            currency: market.settle ?? market.quote,
            cost: sum(product(takenCost, taker), product(restingCost, maker)),
          };
    return { ...verdict, averagePrice, cost, fee, slippage };
  }
}

import { compareDecimals } from '../../domain/compareDecimals';
import type { DecimalString } from '../../domain/decimal';
import type { MarketRules } from '../../domain/marketRules';
import { roundToStep } from '../../domain/money';
import { AppError } from '../../errors/appError';
import type { AccountRecord, OrderRecord, PositionRecord } from '../../storage/trading/records';
import type { MarketFacts } from '../marketFacts';
import type { OrderIntake } from '../orderIntake';
import type { OrderRequests } from '../orderRequests';
import { refuse, type Refusal } from '../refusal';
import { closingOrder } from '../trading';
import type { Flattener } from './flattening';

const actor = 'risk';

/** Flattens by the way that every order takes, with the right of the account's owner. */
export class OrderPathFlattener implements Flattener {
  constructor(
    private readonly parts: {
      readonly markets: Pick<MarketFacts, 'rules'>;
      readonly intake: Pick<OrderIntake, 'take'>;
      readonly requests: Pick<OrderRequests, 'cancelAll'>;
    },
  ) {}

  async cancelAll({ id, ownerId }: AccountRecord): Promise<void> {
    const isInTheWay = ({ origin, cancelRequestedAt }: OrderRecord): boolean =>
      origin !== 'FLATTEN' && cancelRequestedAt === null;
    await this.parts.requests.cancelAll({ userId: ownerId, actor }, id, isInTheWay);
  }

  async close(account: AccountRecord, position: PositionRecord, idempotencyKey: string): Promise<Refusal | null> {
    const { positionMode, ownerId: userId } = account;
    try {
      const amount = closable(await this.parts.markets.rules(position.marketId), position.amount);
      const request = closingOrder(position, { amount, idempotencyKey, positionMode });
      const subject = `flatten ${position.id}`;
      const result = await this.parts.intake.take({ userId, actor }, { ...request, subject }, 'FLATTEN');
      return result.kind === 'refused' ? result.refusal : null;
    } catch (error) {
      if (error instanceof AppError) return refuse(error.code, error.publicMessage);
      throw error;
    }
  }
}

/** As much of a position as one market order takes; the rest is for the next. */
function closable({ amount, marketAmount }: MarketRules, held: DecimalString): DecimalString {
  const most = [amount.max, marketAmount.max].filter((max) => max !== null);
  const bounded = most.reduce((least, max) => (compareDecimals(max, least) < 0 ? max : least), held);
  const step = marketAmount.step ?? amount.step;
  return step === null ? bounded : roundToStep(bounded, step, 'DOWN');
}

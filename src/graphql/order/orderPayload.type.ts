import { Field, ObjectType } from 'type-graphql';
import { viewOrder, type OrderView } from '../../trading/orderView';
import type { Refusal } from '../../trading/refusal';
import type { OrderAnswer } from '../../trading/trading';
import { plainProperties } from '../plainProperties';
import { DecimalScalar } from '../scalar/scalars';
import { UserErrorType } from '../userError.type';
import { FeeType } from './fee.type';
import { OrderType } from './order.type';

@ObjectType('OrderPayload', {
  ...plainProperties,
  description:
    '`order`: as it is when the answer is given. What the exchange has not told by then comes with its stream.',
})
export class OrderPayloadType {
  @Field(() => OrderType, { nullable: true })
  readonly order!: OrderView | null;
  @Field(() => Boolean, { description: 'True where the key stood for this before.' })
  readonly replayed!: boolean;
  @Field(() => [UserErrorType])
  readonly errors!: readonly UserErrorType[];
}

export interface OrderPayload {
  readonly order: OrderView | null;
  readonly replayed: boolean;
  readonly errors: readonly Refusal[];
}

export function toPayload({ order, replayed, refusal }: OrderAnswer): OrderPayload {
  return { order: order === null ? null : viewOrder(order), replayed, errors: refusal === null ? [] : [refusal] };
}

@ObjectType('OrderEstimate', {
  ...plainProperties,
  description:
    'By the live book. Figures are null where it is not deep enough, or where the order cannot be read. Nothing is placed or kept.',
})
export class OrderEstimateType {
  @Field(() => Boolean)
  readonly accepted!: boolean;
  @Field(() => String, { nullable: true, description: 'What placing it would be refused with: docs/ERRORS.md.' })
  readonly denyCode!: string | null;
  @Field(() => DecimalScalar, { nullable: true })
  readonly averagePrice!: string | null;
  @Field(() => DecimalScalar, { nullable: true, description: 'Quote units, without the fee.' })
  readonly cost!: string | null;
  @Field(() => FeeType, {
    nullable: true,
    description: "By the market's usual rates, in quote units whatever it is taken in.",
  })
  readonly fee!: FeeType | null;
  @Field(() => DecimalScalar, {
    nullable: true,
    description: 'How much worse than the best price what is taken at once is, as a fraction: "0.001" is 10 bps.',
  })
  readonly slippage!: string | null;
}

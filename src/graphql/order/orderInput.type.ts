import { Field, ID, InputType, Int } from 'type-graphql';
import type { OrderSide, OrderType as DomainOrderType, PositionSide, TimeInForce } from '../../domain/orders';
import type { IntentRequest } from '../../trading/orderIntake';
import { OrderSideEnum } from '../market/marketData.type';
import { DecimalScalar, MarketIdScalar } from '../scalar/scalars';
import { OrderTypeEnum, PositionSideEnum, TimeInForceEnum } from './order.type';

@InputType('CreateOrderInput')
export class CreateOrderInput {
  @Field(() => ID, {
    description:
      'Same key, same order: a repeat returns the first result with `replayed: true`; a different body gives IDEMPOTENCY_CONFLICT.',
  })
  readonly idempotencyKey!: string;
  @Field(() => ID)
  readonly account!: string;
  @Field(() => MarketIdScalar)
  readonly market!: string;
  @Field(() => OrderTypeEnum)
  readonly type!: DomainOrderType;
  @Field(() => OrderSideEnum)
  readonly side!: OrderSide;
  @Field(() => DecimalScalar, { nullable: true, description: 'Base units.' })
  readonly amount?: string | null;
  @Field(() => DecimalScalar, { nullable: true, description: 'Spot MARKET BUY may give this instead of `amount`.' })
  readonly quoteAmount?: string | null;
  @Field(() => DecimalScalar, { nullable: true })
  readonly price?: string | null;
  @Field(() => DecimalScalar, { nullable: true })
  readonly triggerPrice?: string | null;
  @Field(() => DecimalScalar, {
    nullable: true,
    description: 'How far behind the best price, as a fraction: "0.01" is 1 %.',
  })
  readonly trailingDelta?: string | null;
  @Field(() => TimeInForceEnum, { nullable: true })
  readonly timeInForce?: TimeInForce | null;
  @Field(() => PositionSideEnum, { nullable: true, description: 'Of accounts in hedge mode.' })
  readonly positionSide?: PositionSide | null;
  @Field(() => Boolean, { nullable: true, defaultValue: false })
  readonly reduceOnly?: boolean | null;
  @Field(() => Int, { nullable: true, description: 'Refuse (STALE_PRICE) where the latest price is older.' })
  readonly maxPriceAgeMs?: number | null;
}

export function toIntent(input: CreateOrderInput): IntentRequest {
  const { idempotencyKey, account, market, type, side, maxPriceAgeMs } = input;
  return {
    accountId: account,
    idempotencyKey,
    subject: null,
    maxPriceAgeMs: maxPriceAgeMs ?? null,
    input: {
      market,
      type,
      side,
      amount: input.amount ?? null,
      quoteAmount: input.quoteAmount ?? null,
      price: input.price ?? null,
      triggerPrice: input.triggerPrice ?? null,
      trailingDelta: input.trailingDelta ?? null,
      timeInForce: input.timeInForce ?? null,
      positionSide: input.positionSide ?? null,
      reduceOnly: input.reduceOnly ?? false,
    },
  };
}

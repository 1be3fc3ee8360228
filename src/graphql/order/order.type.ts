import { Field, ID, Int, ObjectType, registerEnumType } from 'type-graphql';
import type { EpochMs } from '../../domain/marketData';
import { orderPhases, orderStatuses, type OrderPhase, type OrderStatus } from '../../domain/orderPhases';
import {
  orderTypes,
  positionSides,
  timesInForce,
  type OrderSide,
  type OrderType as DomainOrderType,
  type PositionSide,
  type TimeInForce,
} from '../../domain/orders';
import type { OrderView } from '../../trading/orderView';
import { enumOf } from '../enumOf';
import { OrderSideEnum } from '../market/marketData.type';
import { NodeType } from '../node.type';
import { plainProperties } from '../plainProperties';
import { DateTimeScalar, DecimalScalar, MarketIdScalar } from '../scalar/scalars';
import { FeeType } from './fee.type';

export const OrderTypeEnum = enumOf(orderTypes);
registerEnumType(OrderTypeEnum, { name: 'OrderType' });

export const TimeInForceEnum = enumOf(timesInForce);
registerEnumType(TimeInForceEnum, { name: 'TimeInForce' });

export const PositionSideEnum = enumOf(positionSides);
registerEnumType(PositionSideEnum, { name: 'PositionSide' });

export const OrderStatusEnum = enumOf(orderStatuses);
registerEnumType(OrderStatusEnum, {
  name: 'OrderStatus',
  description:
    "ccxt's five, plus PENDING (stored, not yet sent) and UNKNOWN (sent, outcome not proven; never guessed).",
});

const OrderPhaseEnum = enumOf(orderPhases);
registerEnumType(OrderPhaseEnum, {
  name: 'OrderPhase',
  description:
    'The internal steps, for `Order.history`. As a status: SENDING is PENDING; PARTIALLY_FILLED, CANCELING, EDITING are OPEN; NOT_PLACED is REJECTED.',
});

const OrderOriginEnum = enumOf(['API', 'FLATTEN', 'EXTERNAL']);
registerEnumType(OrderOriginEnum, {
  name: 'OrderOrigin',
  description:
    'API: asked for here. FLATTEN: by the kill switch. EXTERNAL: found at the exchange, placed beside this server.',
});

@ObjectType('Order', { ...plainProperties, implements: NodeType })
export class OrderType extends NodeType {
  @Field(() => ID)
  readonly accountId!: string;
  @Field(() => OrderOriginEnum)
  readonly origin!: OrderView['origin'];
  @Field(() => String, { nullable: true, description: 'Of the latest sending; null until there is one.' })
  readonly clientOrderId!: string | null;
  @Field(() => String, { nullable: true })
  readonly exchangeOrderId!: string | null;
  @Field(() => MarketIdScalar)
  readonly marketId!: string;
  @Field(() => OrderTypeEnum)
  readonly type!: DomainOrderType;
  @Field(() => OrderSideEnum)
  readonly side!: OrderSide;
  @Field(() => PositionSideEnum, { nullable: true, description: 'Of accounts in hedge mode.' })
  readonly positionSide!: PositionSide | null;
  @Field(() => TimeInForceEnum, { nullable: true })
  readonly timeInForce!: TimeInForce | null;
  @Field(() => DecimalScalar, { nullable: true })
  readonly price!: string | null;
  @Field(() => DecimalScalar, { nullable: true })
  readonly triggerPrice!: string | null;
  @Field(() => DecimalScalar, {
    nullable: true,
    description: 'How far behind the best price, as a fraction: "0.01" is 1 %.',
  })
  readonly trailingDelta!: string | null;
  @Field(() => DecimalScalar, { description: 'Base units. Of an order by `quoteAmount`, what was executed so far.' })
  readonly amount!: string;
  @Field(() => DecimalScalar, { nullable: true, description: 'Quote units, where it was asked for by them.' })
  readonly quoteAmount!: string | null;
  @Field(() => DecimalScalar)
  readonly filled!: string;
  @Field(() => DecimalScalar, { description: 'Of `amount`; nothing of an order by `quoteAmount`.' })
  readonly remaining!: string;
  @Field(() => DecimalScalar, { nullable: true, description: 'Average price of what was executed.' })
  readonly average!: string | null;
  @Field(() => DecimalScalar, { description: 'Quote units, of what was executed.' })
  readonly cost!: string;
  @Field(() => [FeeType], { description: 'A sum for each currency.' })
  readonly fees!: readonly FeeType[];
  @Field(() => OrderStatusEnum)
  readonly status!: OrderStatus;
  @Field(() => String, { nullable: true, description: 'Why the exchange did not take it.' })
  readonly rejectCode!: string | null;
  @Field(() => Boolean)
  readonly reduceOnly!: boolean;
  @Field(() => Int, { description: 'Grows with every change.' })
  readonly version!: number;
  @Field(() => DateTimeScalar)
  readonly createdAt!: EpochMs;
  @Field(() => DateTimeScalar)
  readonly updatedAt!: EpochMs;
}

@ObjectType('OrderTransition', plainProperties)
export class OrderTransitionType {
  @Field(() => Int)
  readonly seq!: number;
  @Field(() => DateTimeScalar)
  readonly at!: EpochMs;
  @Field(() => OrderPhaseEnum, { nullable: true })
  readonly from!: OrderPhase | null;
  @Field(() => OrderPhaseEnum)
  readonly to!: OrderPhase;
  @Field(() => String)
  readonly cause!: string;
}

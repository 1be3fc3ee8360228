import { Field, ID, ObjectType } from 'type-graphql';
import { BalanceType } from '../account/account.type';
import { OrderType } from '../order/order.type';
import { plainProperties } from '../plainProperties';
import { PositionType } from '../position/position.type';
import { RiskStatusType } from '../risk/risk.type';
import { StreamMetaType } from './stream.type';

@ObjectType('OrderEvent', {
  ...plainProperties,
  description: 'SNAPSHOT: every order that is not done. UPDATE: the order that has changed. STALE: none.',
})
export class OrderEventType {
  @Field(() => StreamMetaType)
  readonly meta!: StreamMetaType;
  @Field(() => [OrderType])
  readonly orders!: readonly OrderType[];
}

@ObjectType('PositionEvent', {
  ...plainProperties,
  description: 'SNAPSHOT: every open position. UPDATE: those that have changed, be it in price alone. STALE: none.',
})
export class PositionEventType {
  @Field(() => StreamMetaType)
  readonly meta!: StreamMetaType;
  @Field(() => [PositionType])
  readonly positions!: readonly PositionType[];
  @Field(() => [ID], { description: 'Those that were closed.' })
  readonly removed!: readonly string[];
}

@ObjectType('BalanceEvent', { ...plainProperties, description: 'All balances, in every event.' })
export class BalanceEventType {
  @Field(() => StreamMetaType)
  readonly meta!: StreamMetaType;
  @Field(() => ID)
  readonly accountId!: string;
  @Field(() => [BalanceType])
  readonly balances!: readonly BalanceType[];
}

@ObjectType('RiskEvent', plainProperties)
export class RiskEventType {
  @Field(() => StreamMetaType)
  readonly meta!: StreamMetaType;
  @Field(() => ID)
  readonly accountId!: string;
  @Field(() => RiskStatusType)
  readonly risk!: RiskStatusType;
}

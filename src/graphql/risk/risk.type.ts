import { Field, Int, ObjectType, registerEnumType } from 'type-graphql';
import type { TradingState } from '../../domain/accounts';
import { plainProperties } from '../plainProperties';
import { DecimalScalar } from '../scalar/scalars';

export const TradingStateEnum = { ACTIVE: 'ACTIVE', REDUCING: 'REDUCING', HALTED: 'HALTED' } as const;
registerEnumType(TradingStateEnum, {
  name: 'TradingState',
  description:
    'ACTIVE: everything. REDUCING: only orders that make positions smaller, and cancels. HALTED: cancels alone.',
});

@ObjectType('RiskLimits', { ...plainProperties, description: "Null: no limit. Amounts in the account's currency." })
export class RiskLimitsType {
  @Field(() => DecimalScalar, { nullable: true })
  readonly maxOrderNotional!: string | null;
  @Field(() => DecimalScalar, { nullable: true })
  readonly maxPositionNotional!: string | null;
  @Field(() => DecimalScalar, { nullable: true })
  readonly maxDailyLoss!: string | null;
  @Field(() => DecimalScalar, { nullable: true, description: 'A fraction of the high-water mark: "0.2" is 20 %.' })
  readonly maxDrawdown!: string | null;
  @Field(() => Int, { nullable: true })
  readonly maxOrdersPerMinute!: number | null;
  @Field(() => Int, { nullable: true })
  readonly maxPriceAgeMs!: number | null;
}

@ObjectType('RiskStatus', plainProperties)
export class RiskStatusType {
  @Field(() => TradingStateEnum, {
    description: "The stricter of the account's own state and of that which holds for all.",
  })
  readonly state!: TradingState;
  @Field(() => String, { nullable: true })
  readonly reason!: string | null;
  @Field(() => String)
  readonly currency!: string;
  @Field(() => DecimalScalar, { nullable: true, description: 'Null while a price that it needs is stale.' })
  readonly equity!: string | null;
  @Field(() => DecimalScalar)
  readonly highWaterMark!: string;
  @Field(() => DecimalScalar, { nullable: true, description: 'A fraction of the high-water mark.' })
  readonly drawdown!: string | null;
  @Field(() => DecimalScalar, { nullable: true })
  readonly dailyPnl!: string | null;
  @Field(() => RiskLimitsType)
  readonly limits!: RiskLimitsType;
}

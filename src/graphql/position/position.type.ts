import { Field, ID, ObjectType } from 'type-graphql';
import type { EpochMs } from '../../domain/marketData';
import type { PositionSide } from '../../domain/orders';
import { NodeType } from '../node.type';
import { PositionSideEnum } from '../order/order.type';
import { plainProperties } from '../plainProperties';
import { DateTimeScalar, DecimalScalar, MarketIdScalar } from '../scalar/scalars';

const stale = 'Null while no price is proven to be current, and in the past (`asOf`).';

@ObjectType('Position', { ...plainProperties, implements: NodeType })
export class PositionType extends NodeType {
  @Field(() => ID)
  readonly accountId!: string;
  @Field(() => MarketIdScalar)
  readonly marketId!: string;
  @Field(() => PositionSideEnum)
  readonly side!: PositionSide;
  @Field(() => DecimalScalar, { description: 'Base units; of a swap, contracts × `contractSize`.' })
  readonly amount!: string;
  @Field(() => DecimalScalar, { nullable: true, description: 'Of swaps alone.' })
  readonly contractSize!: string | null;
  @Field(() => DecimalScalar, { description: 'Average price of what is held.' })
  readonly entryPrice!: string;
  @Field(() => DecimalScalar, { nullable: true, description: stale })
  readonly markPrice!: string | null;
  @Field(() => DecimalScalar, { nullable: true, description: stale })
  readonly notional!: string | null;
  @Field(() => DecimalScalar, { nullable: true })
  readonly leverage!: string | null;
  @Field(() => DecimalScalar, { nullable: true })
  readonly liquidationPrice!: string | null;
  @Field(() => DecimalScalar, { nullable: true, description: stale })
  readonly unrealizedPnl!: string | null;
  @Field(() => DecimalScalar, { description: 'Since it was opened, before fees and funding.' })
  readonly realizedPnl!: string;
  @Field(() => DecimalScalar)
  readonly feesPaid!: string;
  @Field(() => DecimalScalar, { description: 'Negative where funding brought in more than it took.' })
  readonly fundingPaid!: string;
  @Field(() => String, { description: 'What its money is counted in.' })
  readonly currency!: string;
  @Field(() => DateTimeScalar)
  readonly openedAt!: EpochMs;
  @Field(() => DateTimeScalar)
  readonly updatedAt!: EpochMs;
}

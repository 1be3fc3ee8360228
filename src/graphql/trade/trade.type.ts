import { Field, ID, ObjectType } from 'type-graphql';
import type { EpochMs } from '../../domain/marketData';
import type { OrderSide } from '../../domain/orders';
import { OrderSideEnum } from '../market/marketData.type';
import { NodeType } from '../node.type';
import { FeeType } from '../order/fee.type';
import { plainProperties } from '../plainProperties';
import { DateTimeScalar, DecimalScalar, MarketIdScalar } from '../scalar/scalars';

@ObjectType('Trade', { ...plainProperties, implements: NodeType })
export class TradeType extends NodeType {
  @Field(() => ID, { nullable: true, description: 'Null while it is not known which order it is of.' })
  readonly orderId!: string | null;
  @Field(() => ID)
  readonly accountId!: string;
  @Field(() => MarketIdScalar)
  readonly marketId!: string;
  @Field(() => String, { description: 'What the exchange calls it.' })
  readonly exchangeTradeId!: string;
  @Field(() => OrderSideEnum)
  readonly side!: OrderSide;
  @Field(() => String, { nullable: true, description: '"taker" or "maker".' })
  readonly takerOrMaker!: string | null;
  @Field(() => DecimalScalar)
  readonly price!: string;
  @Field(() => DecimalScalar, { description: 'Base units.' })
  readonly amount!: string;
  @Field(() => DecimalScalar, { description: 'Quote units.' })
  readonly cost!: string;
  @Field(() => [FeeType])
  readonly fees!: readonly FeeType[];
  @Field(() => DecimalScalar, { description: 'Of what it closed, before fees; quote units.' })
  readonly realizedPnl!: string;
  @Field(() => DateTimeScalar)
  readonly at!: EpochMs;
}

import { Field, Int, ObjectType, registerEnumType } from 'type-graphql';
import type { EpochMs } from '../../domain/marketData';
import type { MarketType as DomainMarketType } from '../../domain/market';
import { NodeType } from '../node.type';
import { DateTimeScalar, DecimalScalar } from '../scalar/scalars';
import { plainProperties } from '../plainProperties';

export const MarketTypeEnum = { SPOT: 'SPOT', SWAP: 'SWAP' } as const;
registerEnumType(MarketTypeEnum, { name: 'MarketType' });

@ObjectType('Market', { ...plainProperties, implements: NodeType })
export class MarketType extends NodeType {
  @Field(() => String)
  readonly exchange!: string;
  @Field(() => String)
  readonly symbol!: string;
  @Field(() => String)
  readonly base!: string;
  @Field(() => String)
  readonly quote!: string;
  @Field(() => String, { nullable: true })
  readonly settle!: string | null;
  @Field(() => MarketTypeEnum)
  readonly type!: DomainMarketType;
  @Field(() => Boolean)
  readonly active!: boolean;
  @Field(() => DecimalScalar, { nullable: true })
  readonly contractSize!: string | null;
  @Field(() => DecimalScalar, {
    nullable: true,
    description: 'Fee rate of an order that waits in the book: "0.001" is 0.1 %.',
  })
  readonly maker!: string | null;
  @Field(() => DecimalScalar, { nullable: true, description: 'Fee rate of an order that trades at once.' })
  readonly taker!: string | null;
  @Field(() => DecimalScalar, { description: 'Smallest step of a price, in quote units.' })
  readonly pricePrecision!: string;
  @Field(() => DecimalScalar, { description: 'Smallest step of an amount, in base units.' })
  readonly amountPrecision!: string;
  @Field(() => DecimalScalar, { nullable: true })
  readonly minAmount!: string | null;
  @Field(() => DecimalScalar, { nullable: true, description: 'Smallest price × amount, in quote units.' })
  readonly minCost!: string | null;
}

@ObjectType('FeedHealth', {
  ...plainProperties,
  description:
    '`aliveAt`: when the source was last proven alive (an event, a heartbeat), not when the price last changed; staleness counts from it.',
})
export class FeedHealthType {
  @Field(() => DateTimeScalar, { nullable: true })
  readonly lastEventAt!: EpochMs | null;
  @Field(() => DateTimeScalar, { nullable: true })
  readonly aliveAt!: EpochMs | null;
  @Field(() => Boolean)
  readonly stale!: boolean;
  @Field(() => Int)
  readonly gaps!: number;
  @Field(() => Int)
  readonly resyncs!: number;
  @Field(() => Int)
  readonly reconnects!: number;
}

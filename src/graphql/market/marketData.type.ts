import { Field, ID, InputType, ObjectType, registerEnumType } from 'type-graphql';
import { timeframes, type EpochMs, type Timeframe } from '../../domain/marketData';
import { DateTimeScalar, DecimalScalar, MarketIdScalar } from '../scalar/scalars';
import { plainProperties } from '../plainProperties';

export const OrderSideEnum = { BUY: 'BUY', SELL: 'SELL' } as const;
registerEnumType(OrderSideEnum, { name: 'OrderSide' });

export const TimeframeEnum = Object.fromEntries(timeframes.map((name) => [name, name])) as Readonly<
  Record<Timeframe, Timeframe>
>;
registerEnumType(TimeframeEnum, { name: 'Timeframe' });

@InputType('TimeRange', { description: 'Start inclusive, end exclusive.' })
export class TimeRangeInput {
  @Field(() => DateTimeScalar, { nullable: true })
  readonly since?: EpochMs | null;
  @Field(() => DateTimeScalar, { nullable: true })
  readonly until?: EpochMs | null;
}

@ObjectType('Ticker', plainProperties)
export class TickerType {
  @Field(() => MarketIdScalar)
  readonly marketId!: string;
  @Field(() => DecimalScalar, { nullable: true })
  readonly last!: string | null;
  @Field(() => DecimalScalar, { nullable: true })
  readonly bid!: string | null;
  @Field(() => DecimalScalar, { nullable: true })
  readonly bidVolume!: string | null;
  @Field(() => DecimalScalar, { nullable: true })
  readonly ask!: string | null;
  @Field(() => DecimalScalar, { nullable: true })
  readonly askVolume!: string | null;
  @Field(() => DecimalScalar, { nullable: true })
  readonly open!: string | null;
  @Field(() => DecimalScalar, { nullable: true })
  readonly high!: string | null;
  @Field(() => DecimalScalar, { nullable: true })
  readonly low!: string | null;
  @Field(() => DecimalScalar, { nullable: true })
  readonly vwap!: string | null;
  @Field(() => DecimalScalar, { nullable: true })
  readonly change!: string | null;
  @Field(() => DecimalScalar, { nullable: true })
  readonly percentage!: string | null;
  @Field(() => DecimalScalar, { nullable: true })
  readonly baseVolume!: string | null;
  @Field(() => DecimalScalar, { nullable: true })
  readonly quoteVolume!: string | null;
  @Field(() => DateTimeScalar, { nullable: true, description: 'When the exchange says it happened.' })
  readonly exchangeTime!: EpochMs | null;
  @Field(() => DateTimeScalar, { description: 'When this server received it.' })
  readonly receivedTime!: EpochMs;
}

@ObjectType('PriceLevel', plainProperties)
export class PriceLevelType {
  @Field(() => DecimalScalar)
  readonly price!: string;
  @Field(() => DecimalScalar)
  readonly amount!: string;
}

@ObjectType('OrderBook', plainProperties)
export class OrderBookType {
  @Field(() => MarketIdScalar)
  readonly marketId!: string;
  @Field(() => [PriceLevelType])
  readonly bids!: readonly PriceLevelType[];
  @Field(() => [PriceLevelType])
  readonly asks!: readonly PriceLevelType[];
  @Field(() => String, { nullable: true, description: 'The update id that the exchange gives this state of the book.' })
  readonly nonce!: string | null;
  @Field(() => DateTimeScalar, { nullable: true })
  readonly exchangeTime!: EpochMs | null;
  @Field(() => DateTimeScalar)
  readonly receivedTime!: EpochMs;
}

@ObjectType('PublicTrade', plainProperties)
export class PublicTradeType {
  @Field(() => MarketIdScalar)
  readonly marketId!: string;
  @Field(() => ID)
  readonly id!: string;
  @Field(() => OrderSideEnum, { description: 'The side of the taker.' })
  readonly side!: 'BUY' | 'SELL';
  @Field(() => DecimalScalar)
  readonly price!: string;
  @Field(() => DecimalScalar)
  readonly amount!: string;
  @Field(() => DecimalScalar)
  readonly cost!: string;
  @Field(() => DateTimeScalar)
  readonly exchangeTime!: EpochMs;
  @Field(() => DateTimeScalar)
  readonly receivedTime!: EpochMs;
}

@ObjectType('Candle', plainProperties)
export class CandleType {
  @Field(() => DateTimeScalar)
  readonly openTime!: EpochMs;
  @Field(() => DecimalScalar)
  readonly open!: string;
  @Field(() => DecimalScalar)
  readonly high!: string;
  @Field(() => DecimalScalar)
  readonly low!: string;
  @Field(() => DecimalScalar)
  readonly close!: string;
  @Field(() => DecimalScalar)
  readonly volume!: string;
  @Field(() => Boolean, { description: 'False while the time of the candle has not passed.' })
  readonly closed!: boolean;
}

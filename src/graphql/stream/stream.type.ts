import { Field, ObjectType, registerEnumType } from 'type-graphql';
import type { EpochMs, Timeframe } from '../../domain/marketData';
import { CandleType, PriceLevelType, PublicTradeType, TickerType, TimeframeEnum } from '../market/marketData.type';
import { CursorScalar, DateTimeScalar, MarketIdScalar, SequenceScalar } from '../scalar/scalars';
import { plainProperties } from '../plainProperties';

export const StreamKindEnum = { SNAPSHOT: 'SNAPSHOT', UPDATE: 'UPDATE', STALE: 'STALE' } as const;
registerEnumType(StreamKindEnum, { name: 'StreamKind' });

@ObjectType('StreamMeta', {
  ...plainProperties,
  description:
    "Account streams (orders, positions, balances, risk): `seq` is the account's durable sequence, written in the transaction that made the change; " +
    'it survives restarts and nodes, and `cursor` resumes from it exactly. A new mark price alone repeats the last `seq` and may be conflated. ' +
    "Market streams: `seq` counts the events of this subscription's group; prices may be conflated (the newest wins), so a jump is a skip, not a loss. " +
    '`cursor` resumes while the server still holds the events, else the stream answers with a SNAPSHOT and the reason.',
})
export class StreamMetaType {
  @Field(() => StreamKindEnum)
  readonly kind!: keyof typeof StreamKindEnum;
  @Field(() => SequenceScalar)
  readonly seq!: string;
  @Field(() => DateTimeScalar)
  readonly at!: EpochMs;
  @Field(() => CursorScalar)
  readonly cursor!: string;
  @Field(() => String, { nullable: true })
  readonly reason!: string | null;
}

@ObjectType('TickerEvent', plainProperties)
export class TickerEventType {
  @Field(() => StreamMetaType)
  readonly meta!: StreamMetaType;
  @Field(() => [TickerType])
  readonly tickers!: readonly TickerType[];
}

@ObjectType('OrderBookEvent', plainProperties)
export class OrderBookEventType {
  @Field(() => StreamMetaType)
  readonly meta!: StreamMetaType;
  @Field(() => MarketIdScalar)
  readonly marketId!: string;
  @Field(() => DateTimeScalar, { nullable: true })
  readonly exchangeTime!: EpochMs | null;
  @Field(() => DateTimeScalar)
  readonly receivedTime!: EpochMs;
  @Field(() => [PriceLevelType], {
    description: 'Changed levels; amount "0" removes one. SNAPSHOT carries the whole book.',
  })
  readonly bids!: readonly PriceLevelType[];
  @Field(() => [PriceLevelType])
  readonly asks!: readonly PriceLevelType[];
  @Field(() => String, { nullable: true })
  readonly nonce!: string | null;
}

@ObjectType('PublicTradeEvent', plainProperties)
export class PublicTradeEventType {
  @Field(() => StreamMetaType)
  readonly meta!: StreamMetaType;
  @Field(() => [PublicTradeType])
  readonly trades!: readonly PublicTradeType[];
}

@ObjectType('CandleEvent', plainProperties)
export class CandleEventType {
  @Field(() => StreamMetaType)
  readonly meta!: StreamMetaType;
  @Field(() => MarketIdScalar)
  readonly marketId!: string;
  @Field(() => TimeframeEnum)
  readonly timeframe!: Timeframe;
  @Field(() => DateTimeScalar, { nullable: true })
  readonly exchangeTime!: EpochMs | null;
  @Field(() => DateTimeScalar)
  readonly receivedTime!: EpochMs;
  @Field(() => CandleType)
  readonly candle!: CandleType;
}

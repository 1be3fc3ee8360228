import { Args, ArgsType, Field, Int, Resolver, Root, Subscription, type SubscribeResolverData } from 'type-graphql';
import type { Timeframe } from '../../domain/marketData';
import type { CandleEvent, OrderBookEvent, PublicTradeEvent, TickerEvent } from '../../streams/streamEvents';
import type { GraphqlContext } from '../context';
import { TimeframeEnum } from '../market/marketData.type';
import { CursorScalar, MarketIdScalar } from '../scalar/scalars';
import { CandleEventType, OrderBookEventType, PublicTradeEventType, TickerEventType } from './stream.type';

@ArgsType()
class ResumeArgs {
  @Field(() => CursorScalar, { nullable: true })
  readonly after?: string | null;
}

@ArgsType()
class TickersArgs extends ResumeArgs {
  @Field(() => [MarketIdScalar])
  readonly markets!: string[];
  @Field(() => Int, { nullable: true, defaultValue: 0 })
  readonly intervalMs!: number | null;
}

@ArgsType()
class OrderBookArgs extends ResumeArgs {
  @Field(() => MarketIdScalar)
  readonly market!: string;
  @Field(() => Int, { nullable: true, defaultValue: 20 })
  readonly depth!: number | null;
  @Field(() => Int, { nullable: true, defaultValue: 100 })
  readonly intervalMs!: number | null;
}

@ArgsType()
class TradesArgs extends ResumeArgs {
  @Field(() => [MarketIdScalar])
  readonly markets!: string[];
}

@ArgsType()
class CandlesArgs extends ResumeArgs {
  @Field(() => MarketIdScalar)
  readonly market!: string;
  @Field(() => TimeframeEnum)
  readonly timeframe!: Timeframe;
}

type Opening<OpeningArgs> = SubscribeResolverData<unknown, OpeningArgs, GraphqlContext>;

/** Each stream opens with the current state (SNAPSHOT), then UPDATE; STALE when its source goes silent. */
@Resolver()
export class MarketStreamResolver {
  @Subscription(() => TickerEventType, {
    subscribe: async ({ args, context }: Opening<TickersArgs>) =>
      context.services.marketStreams.tickers({
        marketIds: args.markets,
        intervalMs: args.intervalMs ?? 0,
        after: args.after ?? null,
      }),
  })
  tickers(@Root() event: TickerEvent, @Args(() => TickersArgs) _args: TickersArgs): TickerEvent {
    return event;
  }

  @Subscription(() => OrderBookEventType, {
    subscribe: async ({ args, context }: Opening<OrderBookArgs>) =>
      context.services.marketStreams.orderBook({
        marketId: args.market,
        depth: args.depth ?? 20,
        intervalMs: args.intervalMs ?? 100,
        after: args.after ?? null,
      }),
  })
  orderBook(@Root() event: OrderBookEvent, @Args(() => OrderBookArgs) _args: OrderBookArgs): OrderBookEvent {
    return event;
  }

  @Subscription(() => PublicTradeEventType, {
    subscribe: async ({ args, context }: Opening<TradesArgs>) =>
      context.services.marketStreams.trades({
        marketIds: args.markets,
        after: args.after ?? null,
      }),
  })
  trades(@Root() event: PublicTradeEvent, @Args(() => TradesArgs) _args: TradesArgs): PublicTradeEvent {
    return event;
  }

  @Subscription(() => CandleEventType, {
    subscribe: async ({ args, context }: Opening<CandlesArgs>) =>
      context.services.marketStreams.candles({
        marketId: args.market,
        timeframe: args.timeframe,
        after: args.after ?? null,
      }),
  })
  candles(@Root() event: CandleEvent, @Args(() => CandlesArgs) _args: CandlesArgs): CandleEvent {
    return event;
  }
}

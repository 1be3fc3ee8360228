import { Args, ArgsType, Field, Int, Resolver, Root, Subscription, type SubscribeResolverData } from 'type-graphql';
import type { Timeframe } from '../../domain/marketData';
import { limits } from '../../security/limits';
import type { CandleEvent, OrderBookEvent, PublicTradeEvent, TickerEvent } from '../../streams/streamEvents';
import { assertInRange, assertList } from '../argumentRange';
import type { GraphqlContext } from '../context';
import { TimeframeEnum } from '../market/marketData.type';
import { CursorScalar, MarketIdScalar } from '../scalar/scalars';
import { CandleEventType, OrderBookEventType, PublicTradeEventType, TickerEventType } from './stream.type';

const { list, stream } = limits;

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

function intervalOf(intervalMs: number | null, otherwise: number): number {
  return assertInRange('intervalMs', intervalMs ?? otherwise, [0, stream.maxIntervalMs]);
}

/** Each stream opens with the current state (SNAPSHOT), then UPDATE; STALE when its source goes silent. */
@Resolver()
export class MarketStreamResolver {
  @Subscription(() => TickerEventType, {
    subscribe: async ({ args, context }: Opening<TickersArgs>) =>
      context.services.marketStreams.tickers({
        marketIds: assertList('markets', args.markets, list.maxMarketsPerStream),
        intervalMs: intervalOf(args.intervalMs, 0),
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
        depth: assertInRange('depth', args.depth ?? 20, [1, list.maxBookDepth]),
        intervalMs: intervalOf(args.intervalMs, 100),
        after: args.after ?? null,
      }),
  })
  orderBook(@Root() event: OrderBookEvent, @Args(() => OrderBookArgs) _args: OrderBookArgs): OrderBookEvent {
    return event;
  }

  @Subscription(() => PublicTradeEventType, {
    subscribe: async ({ args, context }: Opening<TradesArgs>) =>
      context.services.marketStreams.trades({
        marketIds: assertList('markets', args.markets, list.maxMarketsPerStream),
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

import { Arg, Args, ArgsType, Ctx, Field, FieldResolver, Int, Query, Resolver, Root } from 'type-graphql';
import type { Candle, FeedHealth, OrderBook, PublicTrade, Ticker, Timeframe } from '../../domain/marketData';
import type { Market, MarketType as DomainMarketType } from '../../domain/market';
import type { GraphqlContext } from '../context';
import { MarketIdScalar } from '../scalar/scalars';
import { FeedHealthType, MarketType, MarketTypeEnum } from './market.type';
import {
  CandleType,
  OrderBookType,
  PublicTradeType,
  TickerType,
  TimeframeEnum,
  TimeRangeInput,
} from './marketData.type';

@ArgsType()
class MarketsArgs {
  @Field(() => String, { nullable: true })
  readonly exchange?: string | null;
  @Field(() => MarketTypeEnum, { nullable: true })
  readonly type?: DomainMarketType | null;
  @Field(() => String, { nullable: true })
  readonly search?: string | null;
  @Field(() => Int, { nullable: true, defaultValue: 100 })
  readonly first!: number | null;
}

@ArgsType()
class CandlesArgs {
  @Field(() => MarketIdScalar)
  readonly market!: string;
  @Field(() => TimeframeEnum)
  readonly timeframe!: Timeframe;
  @Field(() => TimeRangeInput, { nullable: true })
  readonly range?: TimeRangeInput | null;
  @Field(() => Int, { nullable: true, defaultValue: 500 })
  readonly first!: number | null;
}

@Resolver()
export class MarketResolver {
  @Query(() => [MarketType], { nullable: true })
  async markets(
    @Args(() => MarketsArgs) args: MarketsArgs,
    @Ctx() { services }: GraphqlContext,
  ): Promise<readonly Market[]> {
    return services.marketData.markets({
      exchange: args.exchange ?? undefined,
      type: args.type ?? undefined,
      search: args.search ?? undefined,
      first: args.first ?? 100,
    });
  }

  @Query(() => MarketType, { nullable: true })
  market(@Arg('id', () => MarketIdScalar) id: string, @Ctx() { services }: GraphqlContext): Promise<Market | null> {
    return services.marketData.market(id);
  }

  @Query(() => TickerType, { nullable: true })
  ticker(@Arg('market', () => MarketIdScalar) market: string, @Ctx() { services }: GraphqlContext): Promise<Ticker> {
    return services.marketData.ticker(market);
  }

  @Query(() => [TickerType], { nullable: true })
  async tickers(
    @Arg('markets', () => [MarketIdScalar]) markets: string[],
    @Ctx() { services }: GraphqlContext,
  ): Promise<readonly Ticker[]> {
    return services.marketData.tickers(markets);
  }

  @Query(() => OrderBookType, { nullable: true })
  async orderBook(
    @Arg('market', () => MarketIdScalar) market: string,
    @Arg('depth', () => Int, { nullable: true, defaultValue: 20 }) depth: number | null,
    @Ctx() { services }: GraphqlContext,
  ): Promise<OrderBook> {
    return services.marketData.orderBook(market, depth ?? 20);
  }

  @Query(() => [PublicTradeType], { nullable: true, description: 'The latest trades, oldest first.' })
  async trades(
    @Arg('market', () => MarketIdScalar) market: string,
    @Arg('first', () => Int, { nullable: true, defaultValue: 100 }) first: number | null,
    @Ctx() { services }: GraphqlContext,
  ): Promise<readonly PublicTrade[]> {
    return services.marketData.trades(market, first ?? 100);
  }

  @Query(() => [CandleType], { nullable: true, description: 'Oldest first; without a range, the latest.' })
  async candles(
    @Args(() => CandlesArgs) args: CandlesArgs,
    @Ctx() { services }: GraphqlContext,
  ): Promise<readonly Candle[]> {
    return services.marketData.candles(args.market, args.timeframe, {
      since: args.range?.since ?? undefined,
      until: args.range?.until ?? undefined,
      first: args.first ?? 500,
    });
  }
}

/** The fields of a market that are asked for on their own. */
@Resolver(() => MarketType)
export class MarketFieldsResolver {
  @FieldResolver(() => TickerType, { nullable: true })
  ticker(@Root() market: Market, @Ctx() { services }: GraphqlContext): Promise<Ticker> {
    return services.marketData.ticker(market.id);
  }

  @FieldResolver(() => FeedHealthType)
  feed(@Root() market: Market, @Ctx() { services }: GraphqlContext): FeedHealth {
    return services.marketData.health(market.id);
  }
}

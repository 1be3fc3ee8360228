import {
  Arg,
  Args,
  ArgsType,
  Ctx,
  Field,
  FieldResolver,
  ID,
  InputType,
  Int,
  ObjectType,
  Query,
  Resolver,
  Root,
} from 'type-graphql';
import type { OrderSide } from '../../domain/orders';
import { AppError } from '../../errors/appError';
import type { FillRecord, SumsRecord, TradeFilter } from '../../trading/tradingReader';
import { readerOf } from '../caller';
import type { GraphqlContext } from '../context';
import { OrderSideEnum, TimeRangeInput } from '../market/marketData.type';
import { readTimeRange } from '../market/timeRange';
import { once } from '../once';
import { AggregateRowType, GroupKeyEnum, readAggregate, type GroupKey } from '../paging/aggregate.type';
import { PageArgs, readPage, toConnection, type Connection, type PageInfo } from '../paging/page';
import { PageInfoType } from '../paging/pageInfo.type';
import { plainProperties } from '../plainProperties';
import { CursorScalar, MarketIdScalar } from '../scalar/scalars';
import { TradeType } from './trade.type';

@InputType('TradeWhere')
class TradeWhereInput {
  @Field(() => [ID], { nullable: true })
  readonly account?: string[] | null;
  @Field(() => [MarketIdScalar], { nullable: true })
  readonly market?: string[] | null;
  @Field(() => OrderSideEnum, { nullable: true })
  readonly side?: OrderSide | null;
  @Field(() => TimeRangeInput, { nullable: true })
  readonly range?: TimeRangeInput | null;
}

@ArgsType()
class MyTradesArgs extends PageArgs {
  @Field(() => TradeWhereInput, { nullable: true })
  readonly where?: TradeWhereInput | null;
}

@ObjectType('TradeEdge', plainProperties)
class TradeEdgeType {
  @Field(() => TradeType)
  readonly node!: FillRecord;
  @Field(() => CursorScalar)
  readonly cursor!: string;
}

/** All its fields are resolved on their own. */
@ObjectType('TradeConnection')
class TradeConnectionType {}

/** A list of trades that nobody has asked for yet: what is selected of it decides what is read. */
interface TradeList {
  readonly filter: TradeFilter;
  /** Read once. */
  readonly page: () => Promise<Connection<FillRecord>>;
}

const cursors = { list: 'trades DESC', kind: 'time' } as const;

@Resolver()
export class TradeResolver {
  @Query(() => TradeConnectionType, {
    nullable: true,
    description: 'Executions on the accounts that you may see, the newest first.',
  })
  myTrades(@Args(() => MyTradesArgs) args: MyTradesArgs, @Ctx() context: GraphqlContext): TradeList {
    const filter = {
      accounts: args.where?.account ?? null,
      markets: args.where?.market ?? null,
      side: args.where?.side ?? null,
      ...readTimeRange(args.where?.range),
    };
    const page = readPage(args, cursors);
    return {
      filter,
      page: once(async () =>
        toConnection(
          await context.services.tradingReader.trades(readerOf(context), { filter, page }),
          cursors,
          ({ id, at }) => ({ id, value: new Date(at).toISOString() }),
        ),
      ),
    };
  }
}

@Resolver(() => TradeConnectionType)
export class TradeConnectionResolver {
  @FieldResolver(() => [TradeEdgeType])
  async edges(@Root() list: TradeList): Promise<Connection<FillRecord>['edges']> {
    return (await list.page()).edges;
  }

  @FieldResolver(() => [TradeType])
  async nodes(@Root() list: TradeList): Promise<readonly FillRecord[]> {
    return (await list.page()).nodes;
  }

  @FieldResolver(() => PageInfoType)
  async pageInfo(@Root() list: TradeList): Promise<PageInfo> {
    return (await list.page()).pageInfo;
  }

  @FieldResolver(() => Int, { description: 'All that `where` finds, not only this page.' })
  totalCount(@Root() { filter }: TradeList, @Ctx() context: GraphqlContext): Promise<number> {
    return context.services.tradingReader.countTrades(readerOf(context), filter);
  }

  @FieldResolver(() => [AggregateRowType], { description: 'Over all that `where` finds, not only this page.' })
  aggregate(
    @Arg('by', () => [GroupKeyEnum]) by: GroupKey[],
    @Root() { filter }: TradeList,
    @Ctx() context: GraphqlContext,
  ): Promise<readonly SumsRecord[]> {
    if (by.includes('STATUS')) {
      throw new AppError('BAD_USER_INPUT', { publicMessage: 'Trades have no STATUS. Leave it out of `by`.' });
    }
    return readAggregate(by, (request) =>
      context.services.tradingReader.sumTrades(readerOf(context), { filter, ...request }),
    );
  }
}

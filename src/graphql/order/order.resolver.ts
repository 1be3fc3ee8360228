import { Arg, Args, ArgsType, Ctx, Field, FieldResolver, ID, Int, Query, Resolver, Root } from 'type-graphql';
import type { OrderView } from '../../trading/orderView';
import type { FillRecord, SumsRecord, TransitionRecord } from '../../trading/tradingReader';
import { readerOf } from '../caller';
import type { GraphqlContext } from '../context';
import { once } from '../once';
import { AggregateRowType, GroupKeyEnum, readAggregate, type GroupKey } from '../paging/aggregate.type';
import { PageArgs, readPage, toConnection, type Connection, type PageInfo } from '../paging/page';
import { PageInfoType } from '../paging/pageInfo.type';
import { RequestBatches } from '../requestBatch';
import { TradeType } from '../trade/trade.type';
import { OrderTransitionType, OrderType } from './order.type';
import { OrderConnectionType, OrderEdgeType, type OrderList } from './orderConnection.type';
import { cursorsOfOrders, OrderSortInput, OrderWhereInput, readOrderFilter, readOrderSort } from './orderFilter';

@ArgsType()
class OrdersArgs extends PageArgs {
  @Field(() => OrderWhereInput, { nullable: true })
  readonly where?: OrderWhereInput | null;
  @Field(() => OrderSortInput, { nullable: true, description: 'The newest first where it is left out.' })
  readonly orderBy?: OrderSortInput | null;
}

@Resolver()
export class OrderResolver {
  @Query(() => OrderType, { nullable: true })
  order(@Arg('id', () => ID) id: string, @Ctx() context: GraphqlContext): Promise<OrderView | null> {
    return context.services.tradingReader.order(readerOf(context), id);
  }

  @Query(() => OrderConnectionType, { nullable: true, description: 'Of the accounts that you may see.' })
  orders(@Args(() => OrdersArgs) args: OrdersArgs, @Ctx() context: GraphqlContext): OrderList {
    const { tradingReader } = context.services;
    const filter = readOrderFilter(args.where ?? null);
    const sort = readOrderSort(args.orderBy ?? null);
    const { of, placeOf } = cursorsOfOrders(sort);
    const page = readPage(args, of);
    return {
      filter,
      page: once(async () =>
        toConnection(await tradingReader.orders(readerOf(context), { filter, sort, page }), of, placeOf),
      ),
    };
  }
}

@Resolver(() => OrderConnectionType)
export class OrderConnectionResolver {
  @FieldResolver(() => [OrderEdgeType])
  async edges(@Root() list: OrderList): Promise<Connection<OrderView>['edges']> {
    return (await list.page()).edges;
  }

  @FieldResolver(() => [OrderType])
  async nodes(@Root() list: OrderList): Promise<readonly OrderView[]> {
    return (await list.page()).nodes;
  }

  @FieldResolver(() => PageInfoType)
  async pageInfo(@Root() list: OrderList): Promise<PageInfo> {
    return (await list.page()).pageInfo;
  }

  @FieldResolver(() => Int, { description: 'All that `where` finds, not only this page.' })
  totalCount(@Root() { filter }: OrderList, @Ctx() context: GraphqlContext): Promise<number> {
    return context.services.tradingReader.countOrders(readerOf(context), filter);
  }

  @FieldResolver(() => [AggregateRowType], { description: 'Over all that `where` finds, not only this page.' })
  aggregate(
    @Arg('by', () => [GroupKeyEnum]) by: GroupKey[],
    @Root() { filter }: OrderList,
    @Ctx() context: GraphqlContext,
  ): Promise<readonly SumsRecord[]> {
    return readAggregate(by, (request) =>
      context.services.tradingReader.sumOrders(readerOf(context), { filter, ...request }),
    );
  }
}

const tradeBatches = new RequestBatches<GraphqlContext, string, FillRecord[]>();
const historyBatches = new RequestBatches<GraphqlContext, string, TransitionRecord[]>();

/** What of an order is asked for on its own: one statement for all orders of a list. */
@Resolver(() => OrderType)
export class OrderFieldsResolver {
  @FieldResolver(() => [TradeType], { description: 'The oldest first.' })
  async trades(
    @Arg('first', () => Int, { nullable: true, defaultValue: 50 }) first: number | null,
    @Root() order: OrderView,
    @Ctx() context: GraphqlContext,
  ): Promise<readonly FillRecord[]> {
    const most = first ?? 50;
    const batch = tradeBatches.of(context, String(most), async (orderIds) => {
      const request = { orderIds, first: most };
      return byOrder(await context.services.tradingReader.tradesOf(readerOf(context), request));
    });
    return (await batch.get(order.id)) ?? [];
  }

  @FieldResolver(() => [OrderTransitionType], { description: 'The oldest first.' })
  async history(
    @Arg('first', () => Int, { nullable: true, defaultValue: 100 }) first: number | null,
    @Root() order: OrderView,
    @Ctx() context: GraphqlContext,
  ): Promise<readonly TransitionRecord[]> {
    const most = first ?? 100;
    const batch = historyBatches.of(context, String(most), async (orderIds) => {
      const request = { orderIds, first: most };
      return byOrder(await context.services.tradingReader.transitionsOf(readerOf(context), request));
    });
    return (await batch.get(order.id)) ?? [];
  }
}

function byOrder<Item extends { readonly orderId: string | null }>(items: readonly Item[]): Map<string, Item[]> {
  const groups = new Map<string, Item[]>();
  for (const item of items) {
    const key = item.orderId ?? '';
    groups.set(key, [...(groups.get(key) ?? []), item]);
  }
  return groups;
}

import { Field, ID, InputType, registerEnumType } from 'type-graphql';
import type { OrderStatus } from '../../domain/orderPhases';
import type { OrderSide, OrderType as DomainOrderType } from '../../domain/orders';
import type { OrderView } from '../../trading/orderView';
import type { OrderFilter, OrderSort } from '../../trading/tradingReader';
import { OrderSideEnum, TimeRangeInput } from '../market/marketData.type';
import { readTimeRange } from '../market/timeRange';
import type { CursorOf, Place } from '../paging/cursor';
import { MarketIdScalar } from '../scalar/scalars';
import { OrderStatusEnum, OrderTypeEnum } from './order.type';

const SortDirectionEnum = { ASC: 'ASC', DESC: 'DESC' } as const;
registerEnumType(SortDirectionEnum, { name: 'SortDirection' });

const OrderSortFieldEnum = {
  CREATED_AT: 'CREATED_AT',
  UPDATED_AT: 'UPDATED_AT',
  AMOUNT: 'AMOUNT',
  COST: 'COST',
} as const;
registerEnumType(OrderSortFieldEnum, { name: 'OrderSortField' });

@InputType('OrderSort')
export class OrderSortInput {
  @Field(() => OrderSortFieldEnum)
  readonly field!: OrderSort['field'];
  @Field(() => SortDirectionEnum)
  readonly direction!: keyof typeof SortDirectionEnum;
}

@InputType('OrderWhere', { description: '`range` is that of `createdAt`.' })
export class OrderWhereInput {
  @Field(() => [ID], { nullable: true })
  readonly account?: string[] | null;
  @Field(() => [MarketIdScalar], { nullable: true })
  readonly market?: string[] | null;
  @Field(() => OrderSideEnum, { nullable: true })
  readonly side?: OrderSide | null;
  @Field(() => [OrderTypeEnum], { nullable: true })
  readonly type?: DomainOrderType[] | null;
  @Field(() => [OrderStatusEnum], { nullable: true })
  readonly status?: OrderStatus[] | null;
  @Field(() => TimeRangeInput, { nullable: true })
  readonly range?: TimeRangeInput | null;
}

export function readOrderFilter(where: OrderWhereInput | null): OrderFilter {
  return {
    accounts: where?.account ?? null,
    markets: where?.market ?? null,
    side: where?.side ?? null,
    types: where?.type ?? null,
    statuses: where?.status ?? null,
    ...readTimeRange(where?.range),
  };
}

/** The newest first where nothing is said. */
export function readOrderSort(orderBy: OrderSortInput | null): OrderSort {
  return { field: orderBy?.field ?? 'CREATED_AT', isDescending: orderBy?.direction !== 'ASC' };
}

/** What cursors of a list in this order say, and where an order stands in it. */
export function cursorsOfOrders({ field, isDescending }: OrderSort): {
  readonly of: CursorOf;
  readonly placeOf: (order: OrderView) => Place;
} {
  const list = `orders ${field} ${isDescending ? 'DESC' : 'ASC'}`;
  const instant = (at: number): string => new Date(at).toISOString();
  switch (field) {
    case 'CREATED_AT':
      return { of: { list, kind: 'time' }, placeOf: ({ id, createdAt }) => ({ id, value: instant(createdAt) }) };
    case 'UPDATED_AT':
      return { of: { list, kind: 'time' }, placeOf: ({ id, updatedAt }) => ({ id, value: instant(updatedAt) }) };
    case 'AMOUNT':
      return { of: { list, kind: 'decimal' }, placeOf: ({ id, amount }) => ({ id, value: amount }) };
    case 'COST':
      return { of: { list, kind: 'decimal' }, placeOf: ({ id, cost }) => ({ id, value: cost }) };
  }
}

import { Field, ObjectType } from 'type-graphql';
import type { OrderView } from '../../trading/orderView';
import type { OrderFilter } from '../../trading/tradingReader';
import type { Connection } from '../paging/page';
import { plainProperties } from '../plainProperties';
import { CursorScalar } from '../scalar/scalars';
import { OrderType } from './order.type';

/** A list of orders that nobody has asked for yet: what is selected of it decides what is read. */
export interface OrderList {
  readonly filter: OrderFilter;
  /** Read once. */
  readonly page: () => Promise<Connection<OrderView>>;
}

@ObjectType('OrderEdge', plainProperties)
export class OrderEdgeType {
  @Field(() => OrderType)
  readonly node!: OrderView;
  @Field(() => CursorScalar)
  readonly cursor!: string;
}

/** All its fields are resolved on their own. */
@ObjectType('OrderConnection')
export class OrderConnectionType {}

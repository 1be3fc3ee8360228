import { Field, ID, InterfaceType } from 'type-graphql';
import { parseMarketId } from '../domain/market';

/** Ids of markets are market ids, ids of users UUIDs: the shape tells which type it is. */
@InterfaceType('Node', {
  resolveType: (value: { readonly id: string }) => (parseMarketId(value.id) === null ? 'User' : 'Market'),
})
export abstract class NodeType {
  @Field(() => ID)
  readonly id!: string;
}

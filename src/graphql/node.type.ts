import { Field, ID, InterfaceType } from 'type-graphql';
import { parseMarketId } from '../domain/market';

/** Which type a node is of, said by whoever found it. */
export interface NamedNode {
  readonly __typename: string;
  readonly id: string;
}

/** Ids of markets are market ids, and tell their type by themselves; the others are UUIDs, whatever they are of. */
@InterfaceType('Node', {
  resolveType: (value: { readonly id: string; readonly __typename?: string }) =>
    value.__typename ?? (parseMarketId(value.id) === null ? 'User' : 'Market'),
})
export abstract class NodeType {
  @Field(() => ID)
  readonly id!: string;
}

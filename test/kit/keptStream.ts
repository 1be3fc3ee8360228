import {
  GraphQLNonNull,
  GraphQLObjectType,
  GraphQLSchema,
  GraphQLString,
  type GraphQLFieldConfigArgumentMap,
} from 'graphql';
import { giveEvent } from '../../src/security/streamScope';
import type { PermissionTable } from '../../src/security/permissions';
import type { GuardedApi } from '../../src/server/serverParts';
import type { OpenStream, Position, StreamEvent, StreamSource } from '../../src/streams/streamSource';

/** Stands in for orders, positions and balances: a stream of which nothing may be left out for anybody. */
export class KeptStream implements OpenStream<StreamEvent> {
  readonly keepsEverything = true;
  #told = 0;
  #published = 0;
  #wake: () => void = () => undefined;

  get position(): Position {
    return { seq: this.#told, items: 0 };
  }

  get published(): number {
    return this.#published;
  }

  publish(): void {
    this.publishMany(1);
  }

  publishMany(count: number): void {
    this.#published += count;
    this.#wake();
  }

  async next(): Promise<IteratorResult<StreamEvent, undefined>> {
    if (this.#told === this.#published) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    this.#told += 1;
    return { done: false, value: this.#event() };
  }

  return(): Promise<IteratorResult<StreamEvent, undefined>> {
    return Promise.resolve({ done: true, value: undefined });
  }

  opening(): readonly StreamEvent[] {
    return [this.#event()];
  }

  since(): readonly StreamEvent[] {
    throw new Error('a stream that keeps everything was asked for less');
  }

  seqOf(cursor: string): number {
    return Number(cursor);
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  #event(): StreamEvent {
    const seq = String(this.#told);
    return { meta: { kind: this.#told === 1 ? 'SNAPSHOT' : 'UPDATE', seq, at: 0, cursor: seq, reason: null } };
  }
}

const text = { type: new GraphQLNonNull(GraphQLString) };

/** A schema with `orders`, the stream of the test. */
export function apiOfOrders(stream: KeptStream): GuardedApi {
  const meta = new GraphQLObjectType({ name: 'Meta', fields: { kind: text, seq: text } });
  const event = new GraphQLObjectType({ name: 'OrderEvent', fields: { meta: { type: meta } } });
  const source: StreamSource<StreamEvent> = {
    after: null,
    open: () => stream,
    [Symbol.asyncIterator]: () => stream,
  };
  const args: GraphQLFieldConfigArgumentMap = {};
  const orders = { type: event, args, subscribe: () => source, resolve: giveEvent };
  const schema = new GraphQLSchema({
    query: new GraphQLObjectType({ name: 'Query', fields: { serverTime: text } }),
    subscription: new GraphQLObjectType({ name: 'Subscription', fields: { orders } }),
  });
  const row = { who: 'signedIn', rate: 'stream', cost: 1 } as const;
  const table: PermissionTable = {
    roots: { Query: { serverTime: row }, Subscription: { orders: { ...row, shared: 'user' } } },
    objectTypes: { Meta: { who: 'reachable' }, OrderEvent: { who: 'reachable' } },
  };
  return { schema, table };
}

import type { GraphQLSchema } from 'graphql';
import { buildSchemaSync } from 'type-graphql';
import { MarketFieldsResolver, MarketResolver } from '../../../src/graphql/market/market.resolver';
import { MarketStreamResolver } from '../../../src/graphql/stream/marketStream.resolver';
import { SystemResolver } from '../../../src/graphql/system/system.resolver';
import { UserResolver } from '../../../src/graphql/user/user.resolver';
import { mainTable, type PermissionTable } from '../../../src/security/permissions';
import { PositionsStandIn } from './positions';

/** The schema of `/graphql`, with the stand-in for positions beside the streams that it has. */
export function buildBenchSchema(): GraphQLSchema {
  return buildSchemaSync({
    validate: false,
    // Every subscription opens a source of its own.
    pubSub: {
      publish: () => undefined,
      subscribe: () => {
        throw new Error('a subscription without a source of its own');
      },
    },
    resolvers: [
      SystemResolver,
      UserResolver,
      MarketResolver,
      MarketFieldsResolver,
      MarketStreamResolver,
      PositionsStandIn,
    ],
  });
}

export const benchTable: PermissionTable = {
  roots: {
    ...mainTable.roots,
    Subscription: {
      ...mainTable.roots['Subscription'],
      positions: { who: 'signedIn', rate: 'stream', cost: 10, shared: 'user' },
    },
  },
  objectTypes: { ...mainTable.objectTypes, PositionEvent: { who: 'reachable' } },
};

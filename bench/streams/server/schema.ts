import type { GraphQLSchema } from 'graphql';
import { buildMainSchema } from '../../../src/graphql/buildSchemas';
import { mainTable, type PermissionTable } from '../../../src/security/permissions';
import { PositionsStandIn } from './positions';

/** The schema of `/graphql`, with the stand-in for positions beside the streams that it has. */
export const buildBenchSchema = (): GraphQLSchema => buildMainSchema([PositionsStandIn]);

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

import type { GraphQLSchema } from 'graphql';
import { buildSchemaSync } from 'type-graphql';
import { AuthResolver } from './auth/auth.resolver';
import { MarketFieldsResolver, MarketResolver } from './market/market.resolver';
import { MarketStreamResolver } from './stream/marketStream.resolver';
import { SystemResolver } from './system/system.resolver';
import { UserResolver } from './user/user.resolver';

const shared = {
  // Arguments are checked by scalars and by the resolvers' own bounds.
  validate: false,
  // A field that is a plain property has no resolver: graphql-js reads it, and a stream's events need no code of ours to render.
  simpleResolvers: true,
  // Sources are opened by the `subscribe` of each field: no PubSub, whose queue kills the process behind a slow reader.
  pubSub: { publish: () => undefined, subscribe: () => neverUsed() },
} as const;

function neverUsed(): never {
  throw new Error('a subscription without a source of its own');
}

/** The schema of `/graphql`, not yet guarded: see `applyPermissions`. */
export function buildMainSchema(): GraphQLSchema {
  return buildSchemaSync({
    ...shared,
    resolvers: [SystemResolver, UserResolver, MarketResolver, MarketFieldsResolver, MarketStreamResolver],
  });
}

/** The schema of `/auth/graphql`, not yet guarded. */
export function buildAuthSchema(): GraphQLSchema {
  return buildSchemaSync({ ...shared, resolvers: [AuthResolver] });
}

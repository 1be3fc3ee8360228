import type { GraphQLSchema } from 'graphql';
import { buildSchemaSync } from 'type-graphql';
import { giveEvent } from '../security/streamScope';
import { AuthResolver } from './auth/auth.resolver';
import { MarketFieldsResolver, MarketResolver } from './market/market.resolver';
import { MarketStreamResolver } from './stream/marketStream.resolver';
import { SystemResolver } from './system/system.resolver';
import { UserResolver } from './user/user.resolver';

const shared = {
  // Arguments are checked by scalars and by the resolvers' own bounds.
  validate: false,
  // Sources are opened by the `subscribe` of each field: no PubSub, whose queue kills the process behind a slow reader.
  pubSub: { publish: () => undefined, subscribe: () => neverUsed() },
} as const;

function neverUsed(): never {
  throw new Error('a subscription without a source of its own');
}

const mainResolvers = [
  SystemResolver,
  UserResolver,
  MarketResolver,
  MarketFieldsResolver,
  MarketStreamResolver,
] as const;

/** The schema of `/graphql`, not yet guarded: see `applyPermissions`. more: resolvers of a schema that is more than the project's. */
export function buildMainSchema(more: readonly (new () => object)[] = []): GraphQLSchema {
  const schema = buildSchemaSync({ ...shared, resolvers: [...mainResolvers, ...more] });
  // Events are what their source gives. type-graphql would wrap that in a promise, and arguments in a class, for every event and reader.
  for (const field of Object.values(schema.getSubscriptionType()?.getFields() ?? {})) field.resolve = giveEvent;
  return schema;
}

/** The schema of `/auth/graphql`, not yet guarded. */
export function buildAuthSchema(): GraphQLSchema {
  return buildSchemaSync({ ...shared, resolvers: [AuthResolver] });
}

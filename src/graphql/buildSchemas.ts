import type { GraphQLSchema } from 'graphql';
import { buildSchemaSync } from 'type-graphql';
import { applyInputBounds } from '../security/applyInputBounds';
import { authBounds, mainBounds } from '../security/inputBounds';
import { giveEvent } from '../security/streamScope';
import { AccountFieldsResolver, AccountResolver } from './account/account.resolver';
import { AuditResolver } from './audit/audit.resolver';
import { ApiKeyResolver } from './apiKey/apiKey.resolver';
import { AuthResolver } from './auth/auth.resolver';
import { MfaResolver } from './auth/mfa.resolver';
import { MarketFieldsResolver, MarketResolver } from './market/market.resolver';
import { NodeResolver } from './node.resolver';
import { OrderConnectionResolver, OrderFieldsResolver, OrderResolver } from './order/order.resolver';
import { OrderMutationResolver } from './order/orderMutation.resolver';
import { PermissionResolver } from './permission/permission.resolver';
import { PnlResolver } from './pnl/pnl.resolver';
import { PositionResolver } from './position/position.resolver';
import { PrivacyResolver } from './privacy/privacy.resolver';
import { RiskResolver } from './risk/risk.resolver';
import { AccountStreamResolver } from './stream/accountStream.resolver';
import { MarketStreamResolver } from './stream/marketStream.resolver';
import { SessionResolver } from './session/session.resolver';
import { SecurityCheckResolver } from './securityCheck/securityCheck.resolver';
import { SystemResolver } from './system/system.resolver';
import { TradeConnectionResolver, TradeResolver } from './trade/trade.resolver';
import { UserResolver } from './user/user.resolver';

const shared = {
  // Arguments are checked by their scalars and by `security/inputBounds.ts`, those of streams and of single values too, which type-graphql's own validation passes over.
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
  SessionResolver,
  ApiKeyResolver,
  PrivacyResolver,
  MarketResolver,
  MarketFieldsResolver,
  MarketStreamResolver,
  AccountStreamResolver,
  AccountResolver,
  AccountFieldsResolver,
  NodeResolver,
  OrderResolver,
  OrderConnectionResolver,
  OrderFieldsResolver,
  OrderMutationResolver,
  TradeResolver,
  TradeConnectionResolver,
  PositionResolver,
  RiskResolver,
  PnlResolver,
  PermissionResolver,
  SecurityCheckResolver,
  AuditResolver,
] as const;

/** The schema of `/graphql`, not yet guarded: see `applyPermissions`. more: resolvers of a schema that is more than the project's. */
export function buildMainSchema(more: readonly (new () => object)[] = []): GraphQLSchema {
  const schema = buildSchemaSync({ ...shared, resolvers: [...mainResolvers, ...more] });
  // Events are what their source gives. type-graphql would wrap that in a promise, and arguments in a class, for every event and reader.
  for (const field of Object.values(schema.getSubscriptionType()?.getFields() ?? {})) field.resolve = giveEvent;
  return applyInputBounds(schema, mainBounds);
}

/** The schema of `/auth/graphql`, not yet guarded. */
export function buildAuthSchema(): GraphQLSchema {
  return applyInputBounds(buildSchemaSync({ ...shared, resolvers: [AuthResolver, MfaResolver] }), authBounds);
}

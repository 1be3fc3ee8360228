import { Arg, Ctx, ID, Query, Resolver } from 'type-graphql';
import { parseMarketId, type Market } from '../domain/market';
import { permissions, type AccessRule } from '../security/permissions';
import { principalOf, readerOf } from './caller';
import type { GraphqlContext } from './context';
import { NodeType, type NamedNode } from './node.type';
import { findSession } from './session/session.resolver';

interface Finder {
  /** What `node` finds is for those who may ask for it by its own name. */
  readonly rule: AccessRule;
  readonly find: (context: GraphqlContext, id: string) => Promise<{ readonly id: string } | null>;
}

const { Query: byName } = permissions;

/** Asked one after the other: an id says nothing of its type, and what is another's is looked for as what is nowhere is. */
const finders: Readonly<Record<string, Finder>> = {
  Order: { rule: byName.order, find: (context, id) => context.services.tradingReader.order(readerOf(context), id) },
  Trade: { rule: byName.myTrades, find: (context, id) => context.services.tradingReader.trade(readerOf(context), id) },
  Position: {
    rule: byName.positions,
    find: (context, id) => context.services.tradingReader.position(readerOf(context), id),
  },
  Account: {
    rule: byName.account,
    find: (context, id) => context.services.accountViews.account(readerOf(context), id),
  },
  Session: { rule: byName.sessions, find: findSession },
  ApiKey: {
    rule: byName.apiKeys,
    find: (context, id) => context.services.apiKeys.liveOne(principalOf(context).userId, id),
  },
  User: { rule: byName.users, find: (context, id) => context.services.users.findById(id) },
  AuditEntry: { rule: byName.auditLog, find: (context, id) => context.services.auditLog.entry(id) },
};

@Resolver()
export class NodeResolver {
  @Query(() => NodeType, { nullable: true })
  async node(@Arg('id', () => ID) id: string, @Ctx() context: GraphqlContext): Promise<Market | NamedNode | null> {
    const { services } = context;
    if (parseMarketId(id) !== null) {
      return services.access.allows(byName.market, context) ? services.marketData.market(id) : null;
    }
    for (const [name, { rule, find }] of Object.entries(finders)) {
      const found = services.access.allows(rule, context) ? await find(context, id) : null;
      if (found !== null) return { ...found, __typename: name };
    }
    return null;
  }
}

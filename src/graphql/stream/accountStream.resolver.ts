import { Args, ArgsType, Field, ID, Int, Resolver, Root, Subscription, type SubscribeResolverData } from 'type-graphql';
import { readerOf } from '../caller';
import type { GraphqlContext } from '../context';
import { CursorScalar } from '../scalar/scalars';
import { BalanceEventType, OrderEventType, PositionEventType, RiskEventType } from './accountStream.type';

@ArgsType()
class AccountStreamArgs {
  @Field(() => ID)
  readonly account!: string;
  @Field(() => CursorScalar, { nullable: true })
  readonly after?: string | null;
}

@ArgsType()
class PositionsArgs extends AccountStreamArgs {
  @Field(() => Int, { nullable: true, defaultValue: 250 })
  readonly intervalMs!: number | null;
}

type Opening<OpeningArgs> = SubscribeResolverData<unknown, OpeningArgs, GraphqlContext>;

function requestOf({ account, after }: AccountStreamArgs): {
  readonly accountId: string;
  readonly after: string | null;
} {
  return { accountId: account, after: after ?? null };
}

/** What happens to an account, each event by the account's own number. Its owner, and whom that lets read along, may see it. */
@Resolver()
export class AccountStreamResolver {
  @Subscription(() => OrderEventType, {
    subscribe: async ({ args, context }: Opening<AccountStreamArgs>) =>
      context.services.accountStreams.orders(readerOf(context), requestOf(args)),
  })
  orders(@Root() event: OrderEventType, @Args(() => AccountStreamArgs) _args: AccountStreamArgs): OrderEventType {
    return event;
  }

  @Subscription(() => PositionEventType, {
    subscribe: async ({ args, context }: Opening<PositionsArgs>) =>
      context.services.accountStreams.positions(readerOf(context), {
        ...requestOf(args),
        intervalMs: args.intervalMs ?? 250,
      }),
  })
  positions(@Root() event: PositionEventType, @Args(() => PositionsArgs) _args: PositionsArgs): PositionEventType {
    return event;
  }

  @Subscription(() => BalanceEventType, {
    subscribe: async ({ args, context }: Opening<AccountStreamArgs>) =>
      context.services.accountStreams.balances(readerOf(context), requestOf(args)),
  })
  balances(@Root() event: BalanceEventType, @Args(() => AccountStreamArgs) _args: AccountStreamArgs): BalanceEventType {
    return event;
  }

  @Subscription(() => RiskEventType, {
    subscribe: async ({ args, context }: Opening<AccountStreamArgs>) =>
      context.services.accountStreams.risk(readerOf(context), requestOf(args)),
  })
  risk(@Root() event: RiskEventType, @Args(() => AccountStreamArgs) _args: AccountStreamArgs): RiskEventType {
    return event;
  }
}

import { Arg, Args, ArgsType, Ctx, Field, FieldResolver, ID, Int, Mutation, Query, Resolver, Root } from 'type-graphql';
import type { AccountApproval } from '../../domain/accounts';
import type { AwaitedApproval } from '../../trading/accounts/accountApprovals';
import type { AccountAnswer } from '../../trading/accounts/accountService';
import type { AccountRecord, ReconciliationRecord, ValuedBalance } from '../../trading/accounts/accountViews';
import { limits } from '../../security/limits';
import type { PositionView } from '../../trading/positionView';
import type { Refusal } from '../../trading/refusal';
import type { RiskStatus } from '../../trading/risk/riskStatus';
import { askerOf, readerOf } from '../caller';
import type { GraphqlContext } from '../context';
import { openerOf, traderOf } from '../trader';
import { PositionType } from '../position/position.type';
import { RiskStatusType } from '../risk/risk.type';
import {
  AccountApprovalEnum,
  AccountPayloadType,
  AccountType,
  AwaitedApprovalType,
  BalanceType,
  CreateAccountInput,
  ReconciliationType,
} from './account.type';

const defaultFirst = 100;

@ArgsType()
class ReplaceCredentialsArgs {
  @Field(() => ID)
  readonly account!: string;
  @Field(() => String)
  readonly apiKey!: string;
  @Field(() => String)
  readonly secret!: string;
  @Field(() => String, { nullable: true })
  readonly passphrase?: string | null;
}

@ArgsType()
class GrantArgs {
  @Field(() => ID)
  readonly account!: string;
  @Field(() => ID)
  readonly userId!: string;
}

@ArgsType()
class ApproveAccountArgs {
  @Field(() => ID)
  readonly id!: string;
  @Field(() => String, { description: '`keyHint` of the account as you were shown it.' })
  readonly keyHint!: string;
}

@Resolver()
export class AccountResolver {
  @Query(() => [AccountType], { nullable: true, description: 'Those that you may see, the oldest first.' })
  accounts(@Ctx() context: GraphqlContext): Promise<readonly AccountRecord[]> {
    return context.services.accountViews.accounts(readerOf(context));
  }

  @Query(() => AccountType, { nullable: true })
  account(@Arg('id', () => ID) id: string, @Ctx() context: GraphqlContext): Promise<AccountRecord | null> {
    return context.services.accountViews.account(readerOf(context), id);
  }

  @Query(() => [AwaitedApprovalType], {
    nullable: true,
    description: 'Those of others that wait for `approveAccount`, the oldest first.',
  })
  accountsAwaitingApproval(
    @Arg('first', () => Int, { nullable: true, defaultValue: defaultFirst }) first: number | null,
    @Ctx() context: GraphqlContext,
  ): Promise<readonly AwaitedApproval[]> {
    return context.services.accountApprovals.awaited(askerOf(context), first ?? defaultFirst);
  }

  @Mutation(() => AccountPayloadType)
  async createAccount(
    @Arg('input', () => CreateAccountInput) input: CreateAccountInput,
    @Ctx() context: GraphqlContext,
  ): Promise<AccountPayload> {
    const { apiKey = null, secret = null, passphrase = null, paperBalances = null, ...rest } = input;
    const answer = await context.services.accounts.create(openerOf(context, input.mode), {
      ...rest,
      currency: input.currency ?? 'USDT',
      apiKey,
      secret,
      passphrase,
      paperBalances,
    });
    return toPayload(answer);
  }

  @Mutation(() => AccountPayloadType)
  async replaceCredentials(
    @Args(() => ReplaceCredentialsArgs) { account, apiKey, secret, passphrase = null }: ReplaceCredentialsArgs,
    @Ctx() context: GraphqlContext,
  ): Promise<AccountPayload> {
    const key = { apiKey, secret, passphrase };
    return toPayload(await context.services.accounts.replaceCredentials(askerOf(context), account, key));
  }

  @Mutation(() => AccountApprovalEnum, {
    description:
      'Lets a LIVE account trade that waits for a second person: an admin who is not its owner. ACCOUNT_NOT_FOUND, APPROVAL_NOT_YOURS, APPROVAL_KEY_CHANGED.',
  })
  approveAccount(
    @Args(() => ApproveAccountArgs) { id, keyHint }: ApproveAccountArgs,
    @Ctx() context: GraphqlContext,
  ): Promise<AccountApproval> {
    return context.services.accountApprovals.approve(askerOf(context), id, keyHint);
  }

  @Mutation(() => AccountPayloadType)
  async removeAccount(@Arg('id', () => ID) id: string, @Ctx() context: GraphqlContext): Promise<AccountPayload> {
    return toPayload(await context.services.accounts.remove(await traderOf(context, { account: id }), id));
  }

  @Mutation(() => AccountPayloadType, { description: 'Lets an analyst read this account.' })
  async grantAccess(
    @Args(() => GrantArgs) { account, userId }: GrantArgs,
    @Ctx() context: GraphqlContext,
  ): Promise<AccountPayload> {
    const asker = await traderOf(context, { account });
    return toPayload(await context.services.accountGrants.grant(asker, account, userId));
  }

  @Mutation(() => AccountPayloadType)
  async revokeAccess(
    @Args(() => GrantArgs) { account, userId }: GrantArgs,
    @Ctx() context: GraphqlContext,
  ): Promise<AccountPayload> {
    const asker = await traderOf(context, { account });
    return toPayload(await context.services.accountGrants.revoke(asker, account, userId));
  }
}

/** The fields of an account that are read on their own. */
@Resolver(() => AccountType)
export class AccountFieldsResolver {
  @FieldResolver(() => [BalanceType])
  balances(@Root() account: AccountRecord, @Ctx() context: GraphqlContext): Promise<readonly ValuedBalance[]> {
    return context.services.accountViews.balances(readerOf(context), account);
  }

  @FieldResolver(() => [PositionType], { description: 'Those that are open, the oldest first.' })
  positions(@Root() account: AccountRecord, @Ctx() context: GraphqlContext): Promise<readonly PositionView[]> {
    return context.services.tradingReader.positions(readerOf(context), {
      account: account.id,
      market: null,
      asOf: null,
      first: limits.list.maxPositions,
    });
  }

  @FieldResolver(() => RiskStatusType, { nullable: true })
  risk(@Root() account: AccountRecord, @Ctx() context: GraphqlContext): Promise<RiskStatus | null> {
    return context.services.accountViews.risk(readerOf(context), account.id);
  }

  @FieldResolver(() => ReconciliationType, { nullable: true })
  reconciliation(@Root() account: AccountRecord, @Ctx() context: GraphqlContext): Promise<ReconciliationRecord | null> {
    return context.services.accountViews.reconciliation(readerOf(context), account);
  }
}

interface AccountPayload {
  readonly account: AccountRecord | null;
  readonly errors: readonly Refusal[];
}

function toPayload({ account, refusals }: AccountAnswer): AccountPayload {
  return { account, errors: refusals };
}

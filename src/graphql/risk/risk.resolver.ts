import { Arg, Args, ArgsType, Ctx, Field, ID, Mutation, Query, Resolver } from 'type-graphql';
import type { TradingState } from '../../domain/accounts';
import { AppError } from '../../errors/appError';
import { isErrorCode } from '../../errors/catalogue';
import type { RiskStatus } from '../../trading/risk/riskStatus';
import type { RiskAnswer, StateChange } from '../../trading/risk/tradingStates';
import type { Refusal } from '../../trading/refusal';
import { askerOf, assertSteppedUp, readerOf } from '../caller';
import type { GraphqlContext } from '../context';
import { stopperOf } from '../trader';
import { RiskStatusType, TradingStateEnum } from './risk.type';
import { RiskLimitsInput } from './riskInput.type';

@ArgsType()
class StateArgs {
  @Field(() => TradingStateEnum)
  readonly state!: TradingState;
  @Field(() => Boolean, {
    nullable: true,
    defaultValue: false,
    description: 'Also cancel every open order and close every position.',
  })
  readonly flatten!: boolean | null;
  @Field(() => String, { description: 'For the audit log and for whoever asks why.' })
  readonly reason!: string;
}

@ArgsType()
class AccountStateArgs extends StateArgs {
  @Field(() => ID)
  readonly account!: string;
}

/** The kill switches and the limits. They answer with what holds from now on; what is refused is thrown. */
@Resolver()
export class RiskResolver {
  @Query(() => RiskStatusType, { nullable: true })
  risk(@Arg('account', () => ID) id: string, @Ctx() context: GraphqlContext): Promise<RiskStatus | null> {
    return context.services.accountViews.risk(readerOf(context), id);
  }

  @Mutation(() => RiskStatusType)
  async setRiskLimits(
    @Arg('account', () => ID) account: string,
    @Arg('limits', () => RiskLimitsInput) limits: RiskLimitsInput,
    @Ctx() context: GraphqlContext,
  ): Promise<RiskStatus> {
    const { userId: ownerId, actor, ip = null } = askerOf(context);
    const assertMayLoosen = (): void => {
      assertSteppedUp(context);
    };
    const asker = { ownerId, actor, ip, assertMayLoosen };
    return statusOf(await context.services.tradingStates.setRiskLimits(asker, account, limits));
  }

  @Mutation(() => RiskStatusType, { description: 'The kill switch of one account; survives a restart.' })
  async setTradingState(
    @Args(() => AccountStateArgs) args: AccountStateArgs,
    @Ctx() context: GraphqlContext,
  ): Promise<RiskStatus> {
    const { tradingStates } = context.services;
    const asker = await stopperOf(context, args.account);
    return statusOf(await tradingStates.setTradingState(asker, args.account, toChange(args)));
  }

  @Mutation(() => TradingStateEnum, { description: 'The kill switch of the whole service (ADMIN).' })
  async setGlobalTradingState(
    @Args(() => StateArgs) args: StateArgs,
    @Ctx() context: GraphqlContext,
  ): Promise<TradingState> {
    const answer = await context.services.tradingStates.setGlobalTradingState(askerOf(context), toChange(args));
    if (answer.kind === 'refused') throw thrown(answer.refusal);
    return answer.state;
  }
}

function toChange({ state, flatten, reason }: StateArgs): StateChange {
  return { state, flatten: flatten ?? false, reason };
}

function statusOf(answer: RiskAnswer): RiskStatus {
  if (answer.kind === 'refused') throw thrown(answer.refusal);
  return answer.status;
}

/** These fields have no payload that could carry a refusal. */
function thrown({ code, message }: Refusal): Error {
  return isErrorCode(code)
    ? new AppError(code, { publicMessage: message })
    : new Error(`the catalogue does not know the refusal ${code}: ${message}`);
}

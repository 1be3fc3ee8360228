import { Field, ID, InputType, ObjectType, registerEnumType } from 'type-graphql';
import { accountApprovals, type AccountApproval, type ExecutionMode } from '../../domain/accounts';
import type { EpochMs } from '../../domain/marketData';
import { enumOf } from '../enumOf';
import { NodeType } from '../node.type';
import { plainProperties } from '../plainProperties';
import { DateTimeScalar, DecimalScalar } from '../scalar/scalars';
import { UserErrorType } from '../userError.type';

const ExecutionModeEnum = { PAPER: 'PAPER', LIVE: 'LIVE' } as const;
registerEnumType(ExecutionModeEnum, { name: 'ExecutionMode' });

export const AccountApprovalEnum = enumOf(accountApprovals);
registerEnumType(AccountApprovalEnum, {
  name: 'AccountApproval',
  description: 'Whether a second person lets an account trade. AWAITED: it does not trade until `approveAccount`.',
});

@ObjectType('Account', { ...plainProperties, implements: NodeType })
export class AccountType extends NodeType {
  @Field(() => String)
  readonly label!: string;
  @Field(() => String)
  readonly exchange!: string;
  @Field(() => ExecutionModeEnum)
  readonly mode!: ExecutionMode;
  @Field(() => String, { description: 'What equity, PnL and limits are counted in, e.g. "USDT".' })
  readonly currency!: string;
  @Field(() => String, {
    nullable: true,
    description: 'Last four characters of the exchange key; the key itself never leaves the server.',
  })
  readonly keyHint!: string | null;
  @Field(() => AccountApprovalEnum)
  readonly approval!: AccountApproval;
}

@ObjectType('AwaitedApproval', { ...plainProperties, description: 'A LIVE account that waits for a second person.' })
export class AwaitedApprovalType {
  @Field(() => ID)
  readonly accountId!: string;
  @Field(() => ID)
  readonly ownerId!: string;
  @Field(() => String)
  readonly exchange!: string;
  @Field(() => String, { description: 'Last four characters of its key, which `approveAccount` is told.' })
  readonly keyHint!: string;
  @Field(() => DateTimeScalar, { description: 'When it began to wait with this key.' })
  readonly requestedAt!: Date;
}

@ObjectType('Balance', plainProperties)
export class BalanceType {
  @Field(() => String)
  readonly currency!: string;
  @Field(() => DecimalScalar)
  readonly free!: string;
  @Field(() => DecimalScalar, { description: 'Kept for open orders and positions.' })
  readonly used!: string;
  @Field(() => DecimalScalar)
  readonly total!: string;
  @Field(() => DecimalScalar, {
    nullable: true,
    description: "In the account's currency; null while no price is proven to be current.",
  })
  readonly value!: string | null;
}

@ObjectType('Reconciliation', {
  ...plainProperties,
  description: 'What the newest comparison with the exchange has found.',
})
export class ReconciliationType {
  @Field(() => DateTimeScalar, { nullable: true })
  readonly at!: EpochMs | null;
  @Field(() => Boolean)
  readonly balanced!: boolean;
  @Field(() => [String])
  readonly differences!: readonly string[];
}

@ObjectType('AccountPayload', plainProperties)
export class AccountPayloadType {
  @Field(() => AccountType, { nullable: true })
  readonly account!: AccountType | null;
  @Field(() => [UserErrorType])
  readonly errors!: readonly UserErrorType[];
}

@InputType('BalanceInput')
export class BalanceInput {
  @Field(() => String)
  readonly currency!: string;
  @Field(() => DecimalScalar)
  readonly amount!: string;
}

@InputType('CreateAccountInput')
export class CreateAccountInput {
  @Field(() => String)
  readonly label!: string;
  @Field(() => String)
  readonly exchange!: string;
  @Field(() => ExecutionModeEnum)
  readonly mode!: ExecutionMode;
  @Field(() => String, { nullable: true, defaultValue: 'USDT' })
  readonly currency!: string | null;
  @Field(() => String, { nullable: true, description: 'Of LIVE accounts, with `secret`.' })
  readonly apiKey?: string | null;
  @Field(() => String, { nullable: true })
  readonly secret?: string | null;
  @Field(() => String, { nullable: true })
  readonly passphrase?: string | null;
  @Field(() => [BalanceInput], { nullable: true, description: 'What a PAPER account begins with.' })
  readonly paperBalances?: readonly BalanceInput[] | null;
}

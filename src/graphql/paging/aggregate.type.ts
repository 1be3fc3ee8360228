import { Field, Int, ObjectType, registerEnumType } from 'type-graphql';
import { AppError } from '../../errors/appError';
import { limits } from '../../security/limits';
import type { SumsRecord } from '../../trading/tradingReader';
import { FeeType } from '../order/fee.type';
import { plainProperties } from '../plainProperties';
import { DecimalScalar, JsonScalar } from '../scalar/scalars';

export const GroupKeyEnum = {
  ACCOUNT: 'ACCOUNT',
  MARKET: 'MARKET',
  SIDE: 'SIDE',
  STATUS: 'STATUS',
  DAY: 'DAY',
  HOUR: 'HOUR',
} as const;
export type GroupKey = keyof typeof GroupKeyEnum;
registerEnumType(GroupKeyEnum, {
  name: 'GroupKey',
  description: 'DAY and HOUR are those of UTC. Trades have no STATUS.',
});

@ObjectType('AggregateRow', {
  ...plainProperties,
  description: 'Sums are per currency: one row a group and quote currency.',
})
export class AggregateRowType {
  @Field(() => JsonScalar, {
    description: 'The group, by its keys: {"MARKET": "simulator:BTC/USDT", "DAY": "2026-01-31"}.',
  })
  readonly keys!: Readonly<Record<string, string>>;
  @Field(() => String)
  readonly currency!: string;
  @Field(() => Int)
  readonly count!: number;
  @Field(() => DecimalScalar, {
    description: 'Executed, in base units; of one base currency where the group is of one.',
  })
  readonly amount!: string;
  @Field(() => DecimalScalar, { description: 'Executed, in `currency`.' })
  readonly cost!: string;
  @Field(() => [FeeType])
  readonly fees!: readonly FeeType[];
  @Field(() => DecimalScalar, { nullable: true, description: 'Before fees and funding.' })
  readonly realizedPnl!: string | null;
}

const { maxGroups } = limits.list;

/** Sums by some keys, each once. Throws BAD_USER_INPUT where they are too many to be told: a part of them would look like all. */
export async function readAggregate(
  by: readonly GroupKey[],
  read: (request: { readonly by: readonly GroupKey[]; readonly most: number }) => Promise<readonly SumsRecord[]>,
): Promise<readonly SumsRecord[]> {
  const rows = await read({ by, most: maxGroups + 1 });
  if (rows.length <= maxGroups) return rows;
  throw new AppError('BAD_USER_INPUT', {
    publicMessage: `These are more than ${maxGroups} groups. Narrow \`where\`, or group by less.`,
  });
}

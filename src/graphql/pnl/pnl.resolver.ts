import { Args, ArgsType, Ctx, Field, ID, Query, Resolver } from 'type-graphql';
import type { EpochMs } from '../../domain/marketData';
import { AppError } from '../../errors/appError';
import { limits } from '../../security/limits';
import type { AccountPnlDay } from '../../trading/pnl/pnlDays';
import { readerOf } from '../caller';
import type { GraphqlContext } from '../context';
import { TimeRangeInput } from '../market/marketData.type';
import { readTimeRange } from '../market/timeRange';
import { PnlDayType } from './pnl.type';

const dayMs = 86_400_000;
const { maxPnlDays } = limits.list;

@ArgsType()
class PnlArgs {
  @Field(() => ID)
  readonly account!: string;
  @Field(() => TimeRangeInput, {
    nullable: true,
    description: `At most ${maxPnlDays} days; as many up to \`until\` where \`since\` is left out.`,
  })
  readonly range?: TimeRangeInput | null;
}

@Resolver()
export class PnlResolver {
  @Query(() => [PnlDayType], {
    nullable: true,
    description: 'Day by day, the oldest first. A day on which nothing was valued has no row.',
  })
  async pnl(
    @Args(() => PnlArgs) { account: id, range }: PnlArgs,
    @Ctx() context: GraphqlContext,
  ): Promise<readonly DatedPnl[] | null> {
    const { pnlDays, clock } = context.services;
    const days = readDays(range ?? null, clock());
    const rows = await pnlDays.read(readerOf(context), id, days);
    return rows?.map(toDay) ?? null;
  }
}

/** Every day costs the ledger some questions: there are as many at a time as the limits say. */
function readDays(range: TimeRangeInput | null, now: EpochMs): { readonly since: EpochMs; readonly until: EpochMs } {
  // Nothing is booked in the future, and years of five digits are no days of the ledger.
  const asked = readTimeRange(range);
  const until = Math.min(asked.until ?? Infinity, now + dayMs);
  const since = Math.max(asked.since ?? until - maxPnlDays * dayMs, 0);
  if (until - since > maxPnlDays * dayMs)
    throw new AppError('BAD_USER_INPUT', {
      publicMessage: `\`range\` spans at most ${maxPnlDays} days, and goes on until now where it has no \`until\`.`,
    });
  return { since, until };
}

interface DatedPnl extends Omit<AccountPnlDay, 'day'> {
  readonly date: EpochMs;
}

function toDay({ day, ...money }: AccountPnlDay): DatedPnl {
  return { ...money, date: Date.parse(day) };
}

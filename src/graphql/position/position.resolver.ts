import { Args, ArgsType, Ctx, Field, ID, Int, Query, Resolver } from 'type-graphql';
import type { EpochMs } from '../../domain/marketData';
import type { PositionView } from '../../trading/positionView';
import { readerOf } from '../caller';
import type { GraphqlContext } from '../context';
import { DateTimeScalar, MarketIdScalar } from '../scalar/scalars';
import { PositionType } from './position.type';

@ArgsType()
class PositionsArgs {
  @Field(() => ID, { nullable: true })
  readonly account?: string | null;
  @Field(() => MarketIdScalar, { nullable: true })
  readonly market?: string | null;
  @Field(() => DateTimeScalar, { nullable: true, description: 'As they were at this moment, without a price.' })
  readonly asOf?: EpochMs | null;
  @Field(() => Int, { nullable: true, defaultValue: 100 })
  readonly first!: number | null;
}

@Resolver()
export class PositionResolver {
  @Query(() => [PositionType], { nullable: true, description: 'Those that are open, the oldest first.' })
  async positions(
    @Args(() => PositionsArgs) args: PositionsArgs,
    @Ctx() context: GraphqlContext,
  ): Promise<readonly PositionView[]> {
    return context.services.tradingReader.positions(readerOf(context), {
      account: args.account ?? null,
      market: args.market ?? null,
      asOf: args.asOf ?? null,
      first: args.first ?? 100,
    });
  }
}

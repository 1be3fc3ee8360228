import { Arg, Field, ID, ObjectType, Resolver, Root, Subscription, type SubscribeResolverData } from 'type-graphql';
import { toDecimalString } from '../../../src/domain/decimal';
import { AppError } from '../../../src/errors/appError';
import type { GraphqlContext } from '../../../src/graphql/context';
import { plainProperties } from '../../../src/graphql/plainProperties';
import { DecimalScalar, MarketIdScalar } from '../../../src/graphql/scalar/scalars';
import { StreamMetaType } from '../../../src/graphql/stream/stream.type';
import type { StreamMeta, TickerEvent } from '../../../src/streams/streamEvents';
import type { StreamSource } from '../../../src/streams/streamSource';
import { marketIdOf } from '../markets';
import { mapSource } from './positionStream';

interface PositionEvent {
  readonly meta: StreamMeta;
  readonly account: string;
  readonly marketId: string;
  readonly amount: string;
  readonly entryPrice: string;
  readonly markPrice: string;
}

@ObjectType('PositionEvent', plainProperties)
class PositionEventType {
  @Field(() => StreamMetaType)
  readonly meta!: StreamMetaType;
  @Field(() => ID)
  readonly account!: string;
  @Field(() => MarketIdScalar)
  readonly marketId!: string;
  @Field(() => DecimalScalar)
  readonly amount!: string;
  @Field(() => DecimalScalar)
  readonly entryPrice!: string;
  @Field(() => DecimalScalar)
  readonly markPrice!: string;
}

const amount = toDecimalString('0.25');
const entryPrice = toDecimalString('95120.5');

/**
 * A stand-in for the stream of a user's positions: every price tick is an event of its own for each user,
 * who may read no account but theirs.
 */
@Resolver()
export class PositionsStandIn {
  @Subscription(() => PositionEventType, {
    subscribe: async ({
      args: { account },
      context,
    }: SubscribeResolverData<unknown, { account: string }, GraphqlContext>): Promise<StreamSource<PositionEvent>> => {
      if (account !== context.principal?.userId) throw new AppError('FORBIDDEN');
      const marketId = marketIdOf(0);
      const { marketStreams } = context.services;
      const ticks = await marketStreams.tickers({ marketIds: [marketId], intervalMs: 0, after: null });
      return mapSource(ticks, ({ meta, tickers }: TickerEvent) => {
        const markPrice = tickers[0]?.last ?? '0';
        return { meta, account, marketId, amount, entryPrice, markPrice };
      });
    },
  })
  positions(@Root() event: PositionEvent, @Arg('account', () => ID) _account: string): PositionEvent {
    return event;
  }
}

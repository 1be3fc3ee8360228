import { Arg, Field, ID, ObjectType, Resolver, Root, Subscription, type SubscribeResolverData } from 'type-graphql';
import type { GraphqlContext } from '../../../src/graphql/context';
import { plainProperties } from '../../../src/graphql/plainProperties';
import { DecimalScalar, MarketIdScalar } from '../../../src/graphql/scalar/scalars';
import { StreamMetaType } from '../../../src/graphql/stream/stream.type';
import { toDecimalString } from '../../../src/domain/decimal';
import { AppError } from '../../../src/errors/appError';
import type { StreamMeta, TickerEvent } from '../../../src/streams/streamEvents';
import type { OpenStream, StreamSource } from '../../../src/streams/streamSource';
import { marketIdOf } from '../markets';

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

/** How often an event of a position was made: once an execution. */
let executions = 0;
export const positionExecutions = (): number => executions;

const amount = toDecimalString('0.25');
const entryPrice = toDecimalString('95120.5');

function toPosition(account: string, { meta, tickers }: TickerEvent): PositionEvent {
  executions += 1;
  const markPrice = tickers[0]?.last ?? '0';
  return { meta, account, marketId: marketIdOf(0), amount, entryPrice, markPrice };
}

/** The stream of prices, told as that of a position. */
function openPositions(account: string, prices: OpenStream<TickerEvent>): OpenStream<PositionEvent> {
  const toEvent = (event: TickerEvent): PositionEvent => toPosition(account, event);
  const positions: OpenStream<PositionEvent> = {
    keepsEverything: false,
    get position() {
      return prices.position;
    },
    opening: (reason) => prices.opening(reason).map(toEvent),
    since: (position) => prices.since(position).map(toEvent),
    seqOf: (cursor) => prices.seqOf(cursor),
    async next() {
      const step = await prices.next();
      return step.done === true ? step : { done: false, value: toEvent(step.value) };
    },
    return: () => {
      void prices.return?.();
      return Promise.resolve({ done: true, value: undefined });
    },
    [Symbol.asyncIterator]: () => positions,
  };
  return positions;
}

/**
 * A stand-in for the stream of a user's positions: every price tick is an event of its own for each user,
 * who may read no account but theirs.
 */
@Resolver()
export class PositionsStandIn {
  @Subscription(() => PositionEventType, {
    subscribe: async ({ args, context }: SubscribeResolverData<unknown, { account: string }, GraphqlContext>) => {
      const { account } = args;
      if (account !== context.principal?.userId) throw new AppError('FORBIDDEN');
      const request = { marketIds: [marketIdOf(0)], intervalMs: 0, after: null };
      const prices = await context.services.marketStreams.tickers(request);
      const open = (): OpenStream<PositionEvent> => openPositions(account, prices.open());
      return { after: null, open, [Symbol.asyncIterator]: open } satisfies StreamSource<PositionEvent>;
    },
  })
  positions(@Root() event: PositionEvent, @Arg('account', () => ID) _account: string): PositionEvent {
    return event;
  }
}

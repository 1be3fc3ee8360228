import { Arg, Args, ArgsType, Ctx, Field, ID, Int, Mutation, Query, Resolver } from 'type-graphql';
import type { OrderEstimate } from '../../trading/orderEstimates';
import { accountNotFound } from '../../trading/orderIntake';
import type { GraphqlContext } from '../context';
import { traderOf } from '../trader';
import { DecimalScalar, MarketIdScalar } from '../scalar/scalars';
import { CreateOrderInput, toIntent } from './orderInput.type';
import { OrderEstimateType, OrderPayloadType, toPayload, type OrderPayload } from './orderPayload.type';

@ArgsType()
class EditOrderArgs {
  @Field(() => ID)
  readonly id!: string;
  @Field(() => ID)
  readonly idempotencyKey!: string;
  @Field(() => DecimalScalar, { nullable: true })
  readonly price?: string | null;
  @Field(() => DecimalScalar, { nullable: true, description: 'Of the whole order, above what is filled.' })
  readonly amount?: string | null;
  @Field(() => Int, { nullable: true, description: 'Refuse (VERSION_CONFLICT) where the order has moved on.' })
  readonly expectedVersion?: number | null;
}

@ArgsType()
class CancelAllOrdersArgs {
  @Field(() => ID)
  readonly account!: string;
  @Field(() => MarketIdScalar, { nullable: true })
  readonly market?: string | null;
}

@ArgsType()
class ClosePositionArgs {
  @Field(() => ID)
  readonly id!: string;
  @Field(() => ID)
  readonly idempotencyKey!: string;
  @Field(() => DecimalScalar, { nullable: true, defaultValue: '1', description: 'Above 0, at most 1.' })
  readonly fraction!: string | null;
}

/** An operation has one of these mutations at most. What is refused comes back in `errors`; see docs/ERRORS.md. */
@Resolver()
export class OrderMutationResolver {
  @Query(() => OrderEstimateType, { nullable: true })
  async estimateOrder(
    @Arg('input', () => CreateOrderInput) input: CreateOrderInput,
    @Ctx() context: GraphqlContext,
  ): Promise<OrderEstimate> {
    const asker = await traderOf(context, { account: input.account });
    return context.services.orderEstimates.estimate(asker, toIntent(input));
  }

  @Mutation(() => OrderPayloadType)
  async createOrder(
    @Arg('input', () => CreateOrderInput) input: CreateOrderInput,
    @Ctx() context: GraphqlContext,
  ): Promise<OrderPayload> {
    const asker = await traderOf(context, { account: input.account });
    return toPayload(await context.services.trading.createOrder(asker, toIntent(input)));
  }

  @Mutation(() => OrderPayloadType, {
    description: 'A cancel and, once the exchange has confirmed it, another sending of what is left.',
  })
  async editOrder(
    @Args(() => EditOrderArgs) args: EditOrderArgs,
    @Ctx() context: GraphqlContext,
  ): Promise<OrderPayload> {
    const { id: orderId, idempotencyKey } = args;
    return toPayload(
      await context.services.trading.editOrder(await traderOf(context, { order: orderId }), {
        orderId,
        idempotencyKey,
        price: args.price ?? null,
        amount: args.amount ?? null,
        expectedVersion: args.expectedVersion ?? null,
      }),
    );
  }

  @Mutation(() => OrderPayloadType, { description: 'An order that has ended is given as it is.' })
  async cancelOrder(@Arg('id', () => ID) id: string, @Ctx() context: GraphqlContext): Promise<OrderPayload> {
    return toPayload(await context.services.trading.cancelOrder(await traderOf(context, { order: id }), id));
  }

  @Mutation(() => [OrderPayloadType], { description: 'A payload for each open order; works while trading is halted.' })
  async cancelAllOrders(
    @Args(() => CancelAllOrdersArgs) { account, market }: CancelAllOrdersArgs,
    @Ctx() context: GraphqlContext,
  ): Promise<readonly OrderPayload[]> {
    const request = { accountId: account, market: market ?? null };
    const asker = await traderOf(context, { account });
    const answers = await context.services.trading.cancelAllOrders(asker, request);
    return (answers ?? [{ order: null, replayed: false, refusal: accountNotFound() }]).map(toPayload);
  }

  @Mutation(() => OrderPayloadType, { description: 'At the market price; reduce-only where the market has that.' })
  async closePosition(
    @Args(() => ClosePositionArgs) { id: positionId, idempotencyKey, fraction }: ClosePositionArgs,
    @Ctx() context: GraphqlContext,
  ): Promise<OrderPayload> {
    const request = { positionId, idempotencyKey, fraction: fraction ?? '1' };
    const asker = await traderOf(context, { position: positionId });
    return toPayload(await context.services.trading.closePosition(asker, request));
  }
}

import { Ctx, Query, Resolver } from 'type-graphql';
import type { GraphqlContext } from '../context';
import { DateTimeScalar } from '../scalar/scalars';

@Resolver()
export class SystemResolver {
  @Query(() => DateTimeScalar)
  serverTime(@Ctx() { services }: GraphqlContext): number {
    return services.clock();
  }
}

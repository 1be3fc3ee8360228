import { Ctx, Query, Resolver } from 'type-graphql';
import type { GraphqlContext } from '../context';
import { UserType } from './user.type';
import type { UserView } from './userReader';

@Resolver(() => UserType)
export class UserResolver {
  @Query(() => UserType, { nullable: true })
  async me(@Ctx() { principal, services }: GraphqlContext): Promise<UserView | null> {
    return principal === null ? null : services.users.findById(principal.userId);
  }
}

import { Arg, Args, ArgsType, Ctx, Field, ID, Int, Mutation, Query, Resolver } from 'type-graphql';
import type { Role } from '../../identity/principal';
import type { Asker } from '../../identity/users';
import { principalOf } from '../caller';
import type { GraphqlContext } from '../context';
import { RoleEnum, UserType } from './user.type';
import type { UserView } from './userReader';

const defaultFirst = 100;

@ArgsType()
class CreateUserArgs {
  @Field(() => String)
  readonly email!: string;
  @Field(() => String)
  readonly password!: string;
  @Field(() => [RoleEnum])
  readonly roles!: Role[];
}

@ArgsType()
class SetUserRolesArgs {
  @Field(() => ID)
  readonly id!: string;
  @Field(() => [RoleEnum])
  readonly roles!: Role[];
}

@ArgsType()
class SetUserDisabledArgs {
  @Field(() => ID)
  readonly id!: string;
  @Field(() => Boolean)
  readonly disabled!: boolean;
}

@Resolver(() => UserType)
export class UserResolver {
  @Query(() => UserType, { nullable: true })
  async me(@Ctx() { principal, services }: GraphqlContext): Promise<UserView | null> {
    return principal === null ? null : services.users.findById(principal.userId);
  }

  @Query(() => [UserType], { nullable: true, description: 'By e-mail address.' })
  users(
    @Arg('first', () => Int, { nullable: true, defaultValue: defaultFirst }) first: number | null,
    @Ctx() { services }: GraphqlContext,
  ): Promise<readonly UserView[]> {
    const size = first ?? defaultFirst;
    return services.userAdministration.list(size);
  }

  @Mutation(() => UserType, {
    description: 'Makes a user, who should change this password. EMAIL_TAKEN, PASSWORD_NOT_ACCEPTABLE.',
  })
  createUser(
    @Args(() => CreateUserArgs) { email, password, roles }: CreateUserArgs,
    @Ctx() context: GraphqlContext,
  ): Promise<UserView> {
    return context.services.userAdministration.create(askerOf(context), { email, password, roles });
  }

  @Mutation(() => UserType, {
    description:
      'Gives a user these roles in place of those they have; it counts for what they have open within a second. USER_NOT_FOUND, LAST_ADMIN.',
  })
  setUserRoles(
    @Args(() => SetUserRolesArgs) { id, roles }: SetUserRolesArgs,
    @Ctx() context: GraphqlContext,
  ): Promise<UserView> {
    return context.services.userAdministration.setRoles(askerOf(context), id, roles);
  }

  @Mutation(() => UserType, {
    description:
      'Disabling ends the sessions, API keys and sockets of a user within a second, for good; enabling lets them sign in again. USER_NOT_FOUND, LAST_ADMIN.',
  })
  setUserDisabled(
    @Args(() => SetUserDisabledArgs) { id, disabled }: SetUserDisabledArgs,
    @Ctx() context: GraphqlContext,
  ): Promise<UserView> {
    return context.services.userAdministration.setDisabled(askerOf(context), id, disabled);
  }

  @Mutation(() => UserType, {
    description:
      'Takes a second factor away that a user has lost, and ends their sessions within a second: they sign in with their password alone and enrol anew. Be sure first who asks for it. USER_NOT_FOUND.',
  })
  resetUserMfa(@Arg('id', () => ID) id: string, @Ctx() context: GraphqlContext): Promise<UserView> {
    return context.services.userAdministration.resetMfa(askerOf(context), id);
  }
}

function askerOf(context: GraphqlContext): Asker {
  return { actor: principalOf(context).userId, ip: context.ip };
}

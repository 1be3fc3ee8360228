import { Arg, Ctx, Field, Mutation, ObjectType, Query, Resolver } from 'type-graphql';
import type { EpochMs } from '../../domain/marketData';
import type { AuthContext, AuthServices } from '../context';
import { DateTimeScalar, JsonScalar } from '../scalar/scalars';

@ObjectType('LoginPayload')
class LoginPayloadType {
  @Field(() => String, { description: 'Send it as `Authorization: Bearer <accessToken>`.' })
  readonly accessToken!: string;
  @Field(() => DateTimeScalar)
  readonly expiresAt!: EpochMs;
}

@Resolver()
export class AuthResolver {
  @Query(() => JsonScalar, {
    description: 'The public keys that access tokens are signed with, as a JSON Web Key Set (RFC 7517).',
  })
  signingKeys(@Ctx() { services }: AuthContext): unknown {
    return services.signingKeys.publicJwks();
  }

  @Mutation(() => LoginPayloadType)
  login(
    @Arg('email', () => String) email: string,
    @Arg('password', () => String) password: string,
    @Ctx() { services }: AuthContext,
  ): ReturnType<AuthServices['login']['login']> {
    return services.login.login({ email, password });
  }
}

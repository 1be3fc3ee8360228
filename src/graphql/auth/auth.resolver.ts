import { Arg, Ctx, Field, Mutation, ObjectType, Query, Resolver } from 'type-graphql';
import type { EpochMs } from '../../domain/marketData';
import { AppError } from '../../errors/appError';
import { limits } from '../../security/limits';
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
    // Longer ones cannot be right: refused before any work is spent on them.
    const { maxEmailLength, maxPasswordLength } = limits.login;
    if (email.length > maxEmailLength || password.length > maxPasswordLength) {
      return Promise.reject(new AppError('LOGIN_FAILED'));
    }
    return services.login.login({ email, password });
  }
}

import { Arg, Ctx, Mutation, Query, Resolver } from 'type-graphql';
import { principalOf } from '../caller';
import type { AuthContext } from '../context';
import { JsonScalar } from '../scalar/scalars';
import { LoginPayloadType, toLoginPayload, type LoginPayload } from './loginPayload.type';

@Resolver()
export class AuthResolver {
  @Query(() => JsonScalar, {
    description: 'The public keys that access tokens are signed with, as a JSON Web Key Set (RFC 7517).',
  })
  signingKeys(@Ctx() { services }: AuthContext): unknown {
    return services.signingKeys.publicJwks();
  }

  @Mutation(() => LoginPayloadType)
  async login(
    @Arg('email', () => String) email: string,
    @Arg('password', () => String) password: string,
    @Ctx() { services, ip, userAgent }: AuthContext,
  ): Promise<LoginPayload> {
    return toLoginPayload(await services.login.login({ email, password }, { ip, userAgent }));
  }

  @Mutation(() => Boolean, { description: 'Sets another password and ends every other session of yours.' })
  async changePassword(
    @Arg('current', () => String) current: string,
    @Arg('next', () => String) next: string,
    @Ctx() context: AuthContext,
  ): Promise<boolean> {
    await context.services.passwords.change(principalOf(context), { current, next, ip: context.ip });
    return true;
  }

  @Mutation(() => Boolean, {
    description:
      'Has a one-time token, good for an hour, sent to the address if it is that of a user. True in any case: nothing is told of who is one.',
  })
  async requestPasswordReset(
    @Arg('email', () => String) email: string,
    @Ctx() { services, ip }: AuthContext,
  ): Promise<boolean> {
    await services.resetMails.request({ email, ip });
    return true;
  }

  @Mutation(() => Boolean, {
    description:
      'Sets the password that a one-time token (a mail, or `npm run user`) is for, and ends every session of its user.',
  })
  async resetPassword(
    @Arg('token', () => String) token: string,
    @Arg('next', () => String) next: string,
    @Ctx() { services, ip }: AuthContext,
  ): Promise<boolean> {
    await services.passwords.reset({ token, next, ip });
    return true;
  }
}

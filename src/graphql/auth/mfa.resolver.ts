import { Arg, Ctx, Field, ID, Mutation, ObjectType, Resolver } from 'type-graphql';
import type { EpochMs } from '../../domain/marketData';
import type { SecondFactors } from '../../identity/mfa/secondFactors';
import { principalOf } from '../caller';
import type { AuthContext } from '../context';
import { DateTimeScalar } from '../scalar/scalars';
import { LoginPayloadType, toLoginPayload, type LoginPayload } from './loginPayload.type';

@ObjectType('MfaEnrollment')
class MfaEnrollmentType {
  @Field(() => String, { description: 'For an authenticator app; it holds the secret.' })
  readonly otpauthUri!: string;
  @Field(() => String, { description: 'The same as a QR code.' })
  readonly qrCodeSvg!: string;
}

@ObjectType('StepUpPayload')
class StepUpPayloadType {
  @Field(() => String, { description: 'Of the same session, which goes on with the refresh token that it has.' })
  readonly accessToken!: string;
  @Field(() => DateTimeScalar, { description: 'Until when the access token is good.' })
  readonly expiresAt!: EpochMs;
}

/** A code is six digits of an authenticator app, or a recovery code; each is taken once. */
@Resolver()
export class MfaResolver {
  @Mutation(() => LoginPayloadType, { description: 'The second step of a sign-in.' })
  async verifyMfa(
    @Arg('challenge', () => ID) challenge: string,
    @Arg('code', () => String) code: string,
    @Ctx() { services, ip, userAgent }: AuthContext,
  ): Promise<LoginPayload> {
    return toLoginPayload(await services.secondFactors.verify(challenge, code, { ip, userAgent }));
  }

  @Mutation(() => MfaEnrollmentType, {
    description: 'A new secret for an authenticator app; it counts once `confirmMfa` was given a code of it.',
  })
  enrollMfa(@Ctx() context: AuthContext): ReturnType<SecondFactors['enroll']> {
    return context.services.secondFactors.enroll(principalOf(context), context.ip);
  }

  @Mutation(() => [String], {
    description:
      'Switches the second factor on and ends every other session of yours. Gives ten recovery codes, which are not shown again.',
  })
  async confirmMfa(@Arg('code', () => String) code: string, @Ctx() context: AuthContext): Promise<string[]> {
    const { services, ip, userAgent } = context;
    return [...(await services.secondFactors.confirm(principalOf(context), code, { ip, userAgent }))];
  }

  @Mutation(() => StepUpPayloadType, {
    description: 'Proves a second factor again: for the next 5 minutes what asks for a fresh one is open.',
  })
  stepUp(@Arg('code', () => String) code: string, @Ctx() context: AuthContext): ReturnType<SecondFactors['stepUp']> {
    const { services, ip, userAgent } = context;
    return services.secondFactors.stepUp(principalOf(context), code, { ip, userAgent });
  }
}

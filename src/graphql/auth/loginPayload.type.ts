import { Field, ID, ObjectType } from 'type-graphql';
import type { EpochMs } from '../../domain/marketData';
import type { Challenged } from '../../identity/loginService';
import type { SignedIn } from '../../identity/sessions';
import { DateTimeScalar } from '../scalar/scalars';

@ObjectType('LoginPayload', { description: 'Tokens, or, for whoever has a second factor, `mfaChallenge` alone.' })
export class LoginPayloadType implements LoginPayload {
  @Field(() => String, { nullable: true, description: 'Send it as `Authorization: Bearer <accessToken>`.' })
  readonly accessToken!: string | null;
  @Field(() => DateTimeScalar, { nullable: true, description: 'Until when the access token is good.' })
  readonly expiresAt!: EpochMs | null;
  @Field(() => String, {
    nullable: true,
    description: 'Single use: `POST /auth/session` gives the next access token for it, and the next one of its kind.',
  })
  readonly refreshToken!: string | null;
  @Field(() => ID, { nullable: true, description: 'Send it to `verifyMfa` with a code, within 5 minutes, once.' })
  readonly mfaChallenge!: string | null;
}

/** What `LoginPayloadType` is made of. */
export interface LoginPayload {
  readonly accessToken: string | null;
  readonly expiresAt: EpochMs | null;
  readonly refreshToken: string | null;
  readonly mfaChallenge: string | null;
}

export function toLoginPayload(answer: SignedIn | Challenged): LoginPayload {
  const nothing = { accessToken: null, expiresAt: null, refreshToken: null, mfaChallenge: null };
  return { ...nothing, ...answer };
}

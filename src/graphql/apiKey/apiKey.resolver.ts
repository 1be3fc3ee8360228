import { Arg, Args, ArgsType, Ctx, Field, ID, Mutation, Query, Resolver } from 'type-graphql';
import type { EpochMs } from '../../domain/marketData';
import type { ApiKeys } from '../../identity/apiKeys/apiKeys';
import type { Scope } from '../../identity/principal';
import { assertSteppedUp, principalOf } from '../caller';
import type { GraphqlContext } from '../context';
import { DateTimeScalar } from '../scalar/scalars';
import { ApiKeyType, NewApiKeyType, ScopeEnum } from './apiKey.type';

@ArgsType()
class CreateApiKeyArgs {
  @Field(() => String)
  readonly label!: string;
  @Field(() => [ScopeEnum])
  readonly scopes!: Scope[];
  @Field(() => [String], { nullable: true })
  readonly allowedIps!: string[] | null | undefined;
  @Field(() => DateTimeScalar)
  readonly expiresAt!: EpochMs;
  @Field(() => String, {
    nullable: true,
    description:
      'An Ed25519 public key in PEM: from then on each request of the key has to be signed with its private part.',
  })
  readonly publicKey!: string | null | undefined;
}

@Resolver(() => ApiKeyType)
export class ApiKeyResolver {
  @Query(() => [ApiKeyType], { nullable: true, description: 'Your API keys that are good, the newest first.' })
  apiKeys(@Ctx() context: GraphqlContext): ReturnType<ApiKeys['live']> {
    return context.services.apiKeys.live(principalOf(context).userId);
  }

  @Mutation(() => NewApiKeyType, {
    description:
      'Makes a key, which is sent as an access token is. It may do no more than you may. `TRADE_LIVE` needs `allowedIps`; no key lives longer than 90 days.',
  })
  async createApiKey(
    @Args(() => CreateApiKeyArgs) { label, scopes, allowedIps, expiresAt, publicKey }: CreateApiKeyArgs,
    @Ctx() context: GraphqlContext,
  ): ReturnType<ApiKeys['create']> {
    if (scopes.includes('TRADE_LIVE')) assertSteppedUp(context);
    const wish = { label, scopes, allowedIps: allowedIps ?? [], publicKey: publicKey ?? null, expiresAt };
    return context.services.apiKeys.create(principalOf(context), wish, context.ip);
  }

  @Mutation(() => Boolean, {
    description: 'Ends a key of yours and closes its sockets. False where you have no such key.',
  })
  revokeApiKey(@Arg('id', () => ID) id: string, @Ctx() context: GraphqlContext): Promise<boolean> {
    return context.services.apiKeys.revoke(principalOf(context).userId, id, context.ip);
  }
}

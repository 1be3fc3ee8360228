import { Arg, Ctx, Mutation, Resolver } from 'type-graphql';
import type { PersonalData } from '../../identity/personalData';
import { principalOf } from '../caller';
import type { GraphqlContext } from '../context';
import { JsonScalar } from '../scalar/scalars';

@Resolver()
export class PrivacyResolver {
  @Mutation(() => JsonScalar, {
    description:
      'Everything that is kept of you, table by table: `count` rows there are, `leftOut` of them by the limits of one answer, `withheld` columns that are secrets.',
  })
  exportMyData(@Ctx() context: GraphqlContext): ReturnType<PersonalData['export']> {
    return context.services.personalData.export(askerOf(context));
  }

  @Mutation(() => Boolean, {
    description:
      'Erases your account for good, as docs/PRIVACY.md says. LOGIN_FAILED, LAST_ADMIN; ACCOUNT_HAS_ORDERS, ACCOUNT_HAS_POSITIONS while any are open on a LIVE account.',
  })
  async eraseMyAccount(
    @Arg('password', () => String) password: string,
    @Ctx() context: GraphqlContext,
  ): Promise<boolean> {
    await context.services.personalData.erase(askerOf(context), password);
    return true;
  }
}

function askerOf(context: GraphqlContext): { readonly userId: string; readonly ip: string } {
  return { userId: principalOf(context).userId, ip: context.ip };
}

import { AppError } from '../errors/appError';
import type { Asker } from '../trading/orderIntake';
import type { AccountReader } from '../trading/accounts/accountViews';
import type { Principal } from '../identity/principal';
import { decideStepUp } from '../identity/stepUp';
import type { RequestContext } from '../security/requestContext';
import type { GraphqlContext } from './context';

/**
 * Who reads accounts, by their roles and by what the deployment says; an API key, its owner's alone. For fields whose rule wants
 * somebody who is signed in. Throws FORBIDDEN where a key that does not read accounts has reached one by changing it.
 */
export function readerOf(context: GraphqlContext): AccountReader {
  const principal = principalOf(context);
  if (principal.scopes === null) return readerWith(principal, context.services.analystsSeeAll);
  if (principal.scopes.includes('ACCOUNT_READ')) return ownReaderOf(context);
  throw new AppError('FORBIDDEN', { publicMessage: 'Your API key does not read accounts.' });
}

/** Whoever it is, of accounts that are their own: to find what they ask to change. */
export function ownReaderOf(context: GraphqlContext): AccountReader {
  return { userId: principalOf(context).userId, readsGranted: false, readsAll: false };
}

/** What somebody in these roles may read. */
export function readerWith(
  { userId, roles }: Pick<NonNullable<GraphqlContext['principal']>, 'userId' | 'roles'>,
  analystsSeeAll: boolean,
): AccountReader {
  const isAnalyst = roles.includes('ANALYST');
  return { userId, readsGranted: isAnalyst, readsAll: isAnalyst && analystsSeeAll };
}

/** Who asks for a change, of accounts that are their own. For fields whose rule wants somebody who is signed in, and takes no API key (`traderOf`). */
export function askerOf(context: GraphqlContext): Asker {
  const { userId, scopes } = principalOf(context);
  if (scopes !== null)
    throw new Error('an API key has reached a field that does not ask what accounts it may trade on');
  return { userId, actor: userId, ip: context.ip };
}

/** For what asks for a fresh second factor by its arguments alone (`stepUp` of the table says when). Throws MFA_REQUIRED, STEP_UP_REQUIRED. */
export function assertSteppedUp(context: GraphqlContext): void {
  const decision = decideStepUp(principalOf(context), context.services.clock());
  if (decision !== true) throw decision;
}

/** Who is signed in. For fields whose rule wants somebody who is. */
export function principalOf({ principal }: RequestContext): Principal {
  if (principal === null) throw new Error('a field for the signed in was reached by somebody else');
  return principal;
}

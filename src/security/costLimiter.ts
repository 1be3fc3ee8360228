import { AppError } from '../errors/appError';
import { limits } from './limits';
import type { RequestContext } from './requestContext';
import type { Budgets } from './reservations';

/** True where the caller has as much left of this minute as the operation costs, else RATE_LIMITED with `retryAfterMs`. */
export type CostLimiter = (context: RequestContext) => Promise<true | AppError>;

/** Every operation is charged once, however many fields it has and however many events it brings. */
export function createCostLimiter(budgets: Budgets): CostLimiter {
  return (context) =>
    context.cost.charge(async (units) => {
      const rate = { max: limits.cost[callerOf(context)] * limits.cost.documentsAMinute, windowMs: 60_000 };
      const crowd = context.principal === null ? 'addresses' : 'users';
      const retryAfterMs = await budgets.spend({ key: `cost|${context.rateKey}`, units, rate, crowd });
      if (retryAfterMs === 0) return true;
      return new AppError('RATE_LIMITED', {
        publicMessage: `The document costs ${units}, more than is left of ${rate.max} a minute. Wait, then try again, or ask for less.`,
        extensions: { retryAfterMs, cost: units },
      });
    });
}

/** Which of the limits of cost hold for somebody. */
export function callerOf({ principal }: Pick<RequestContext, 'principal'>): 'anonymous' | 'signedIn' | 'apiKey' {
  if (principal === null) return 'anonymous';
  return principal.scopes === null ? 'signedIn' : 'apiKey';
}

import type { GraphQLResolveInfo } from 'graphql';
import { getGraphQLRateLimiter, Store } from 'graphql-rate-limit';
import { AppError } from '../errors/appError';
import { limits, type Rate, type RateName } from './limits';
import type { RequestContext } from './requestContext';
import type { Crowd, Reservations } from './reservations';

export interface FieldCall {
  readonly parent: unknown;
  readonly args: Record<string, unknown>;
  readonly context: RequestContext;
  readonly info: GraphQLResolveInfo;
}

/** True where this call is within the field's rate, else RATE_LIMITED with `retryAfterMs`. Every alias is a call of its own. */
export type FieldRateLimiter = (rateName: RateName, call: FieldCall) => Promise<true | AppError>;

/**
 * graphql-rate-limit's stock stores read, wait and write, and so count no concurrent calls. This one reserves while it
 * reads; the write that follows has nothing left to do. One store a call: it remembers that call's oldest neighbour.
 */
class ReservingStore extends Store {
  oldest: number | undefined;

  constructor(
    private readonly parts: { readonly reservations: Reservations; readonly rate: Rate; readonly crowd: Crowd },
  ) {
    super();
  }

  override async getForIdentity(identity: {
    readonly contextIdentity: string;
    readonly fieldIdentity: string;
  }): Promise<readonly number[]> {
    const key = `${identity.fieldIdentity}|${identity.contextIdentity}`;
    const { reservations, rate, crowd } = this.parts;
    const counted = await reservations.take(key, rate, crowd);
    this.oldest = counted[0];
    return counted;
  }

  override setForIdentity(): void {
    // Reserved already.
  }
}

/** graphql-rate-limit over a store that counts concurrent calls. */
export function createFieldRateLimiter(parts: {
  readonly reservations: Reservations;
  readonly clock: () => number;
}): FieldRateLimiter {
  return async (rateName, call) => {
    const rate = limits.rate[rateName];
    const crowd = call.context.principal === null ? 'addresses' : 'users';
    const store = new ReservingStore({ reservations: parts.reservations, rate, crowd });
    const limiter = getGraphQLRateLimiter({
      identifyContext: (context: RequestContext) => context.rateKey,
      formatError: () => 'limited',
      store,
    });
    const refusal = await limiter(call, { max: rate.max, window: `${rate.windowMs}ms` });
    return refusal === undefined || refuse(call.info.fieldName, rate, { oldest: store.oldest, now: parts.clock() });
  };
}

/** The same of what is no field: a route, by its path. who: the address, as `rateKeyOf` says it. */
export type CallLimiter = (
  rateName: RateName,
  call: { readonly name: string; readonly who: string },
) => Promise<true | AppError>;

export function createCallLimiter(parts: {
  readonly reservations: Reservations;
  readonly clock: () => number;
}): CallLimiter {
  return async (rateName, { name, who }) => {
    const rate = limits.rate[rateName];
    const counted = await parts.reservations.take(`${name}|${who}`, rate, 'addresses');
    return counted.length < rate.max || refuse(name, rate, { oldest: counted[0], now: parts.clock() });
  };
}

function refuse(
  name: string,
  rate: Rate,
  { oldest, now }: { readonly oldest: number | undefined; readonly now: number },
): AppError {
  return new AppError('RATE_LIMITED', {
    publicMessage: `Too many calls of \`${name}\`: at most ${rate.max} in ${rate.windowMs / 1000} s. Wait, then try again.`,
    extensions: { retryAfterMs: Math.max(1, (oldest ?? now) + rate.windowMs - now) },
  });
}

import type { LoginService } from '../identity/loginService';
import type { MarketData } from '../feeds/marketData';
import type { RequestContext } from '../security/requestContext';
import type { MarketStreams } from '../streams/marketStreams';
import type { UserReader } from './user/userReader';

/** What resolvers call. One object for the life of the process. */
export interface GraphqlServices {
  readonly clock: () => number;
  readonly marketData: Pick<MarketData, keyof MarketData>;
  readonly marketStreams: Pick<MarketStreams, keyof MarketStreams>;
  readonly users: UserReader;
}

export interface GraphqlContext extends RequestContext {
  readonly services: GraphqlServices;
}

/** The services of `/auth/graphql`: nothing of them is reachable through `/graphql`. */
export interface AuthServices {
  readonly login: Pick<LoginService, 'login'>;
  readonly signingKeys: { publicJwks(): { readonly keys: readonly unknown[] } };
}

export interface AuthContext extends RequestContext {
  readonly services: AuthServices;
}

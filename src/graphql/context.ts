import type { ApiKeys } from '../identity/apiKeys/apiKeys';
import type { LoginService } from '../identity/loginService';
import type { SecondFactors } from '../identity/mfa/secondFactors';
import type { PasswordResetMails } from '../identity/passwordResetMails';
import type { Passwords } from '../identity/passwords';
import type { PersonalData } from '../identity/personalData';
import type { Sessions } from '../identity/sessions';
import type { PublicJwk } from '../identity/signing/signingKey';
import type { Users } from '../identity/users';
import type { MarketData } from '../feeds/marketData';
import type { AccessReview } from '../security/accessReview';
import type { AuditLog } from '../operations/auditLog';
import type { Doctor } from '../operations/doctor/doctor';
import type { RequestContext } from '../security/requestContext';
import type { AccountStreams } from '../streams/accountStreams';
import type { MarketStreams } from '../streams/marketStreams';
import type { AccountApprovals } from '../trading/accounts/accountApprovals';
import type { AccountGrants } from '../trading/accounts/accountGrants';
import type { AccountService } from '../trading/accounts/accountService';
import type { AccountViews } from '../trading/accounts/accountViews';
import type { OrderEstimates } from '../trading/orderEstimates';
import type { PnlDays } from '../trading/pnl/pnlDays';
import type { TradingStates } from '../trading/risk/tradingStates';
import type { Trading } from '../trading/trading';
import type { TradingReader } from '../trading/tradingReader';
import type { UserReader } from './user/userReader';

/** What resolvers call. One object for the life of the process. */
export interface GraphqlServices {
  readonly clock: () => number;
  readonly access: Pick<AccessReview, keyof AccessReview>;
  readonly marketData: Pick<MarketData, keyof MarketData>;
  readonly marketStreams: Pick<MarketStreams, keyof MarketStreams>;
  readonly accountStreams: Pick<AccountStreams, 'orders' | 'positions' | 'balances' | 'risk'>;
  readonly users: UserReader;
  readonly userAdministration: Pick<Users, keyof Users>;
  readonly auditLog: Pick<AuditLog, keyof AuditLog>;
  readonly doctor: Pick<Doctor, 'report'>;
  readonly sessions: Pick<Sessions, 'live' | 'liveOne' | 'revoke'>;
  readonly apiKeys: Pick<ApiKeys, keyof ApiKeys>;
  readonly personalData: Pick<PersonalData, keyof PersonalData>;
  readonly accounts: Pick<AccountService, keyof AccountService>;
  readonly accountApprovals: Pick<AccountApprovals, keyof AccountApprovals>;
  readonly accountGrants: Pick<AccountGrants, keyof AccountGrants>;
  readonly accountViews: Pick<AccountViews, keyof AccountViews>;
  readonly trading: Pick<Trading, keyof Trading>;
  readonly tradingReader: Pick<TradingReader, keyof TradingReader>;
  readonly orderEstimates: Pick<OrderEstimates, keyof OrderEstimates>;
  readonly tradingStates: Pick<TradingStates, keyof TradingStates>;
  readonly pnlDays: Pick<PnlDays, keyof PnlDays>;
  /** Whether analysts see accounts that nobody granted to them. */
  readonly analystsSeeAll: boolean;
}

export interface GraphqlContext extends RequestContext {
  readonly services: GraphqlServices;
}

/** The services of `/auth/graphql`: nothing of them is reachable through `/graphql`. */
export interface AuthServices {
  readonly login: Pick<LoginService, 'login'>;
  readonly secondFactors: Pick<SecondFactors, 'verify' | 'enroll' | 'confirm' | 'stepUp'>;
  readonly passwords: Pick<Passwords, 'change' | 'reset'>;
  readonly resetMails: Pick<PasswordResetMails, 'request'>;
  /** Behind `/auth/session`. */
  readonly sessions: Pick<Sessions, 'refresh' | 'end'>;
  readonly signingKeys: { publicJwks(): { readonly keys: readonly PublicJwk[] } };
}

export interface AuthContext extends RequestContext {
  readonly services: AuthServices;
}

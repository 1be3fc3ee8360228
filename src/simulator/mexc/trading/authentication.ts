import type { EpochMs } from '../../../domain/marketData';
import type { Account } from '../../engine/accounts/account';
import type { AccountRegistry } from '../../engine/accounts/accountRegistry';
import { isSignedBy } from '../../engine/accounts/identity';
import type { WireRequest } from '../../server/wire';
import type { SignedEndpoint } from '../endpoint';
import { MexcError } from '../mexcError';
import { Parameters } from '../parameters';

const defaultRecvWindowMs = 5_000;
const maxRecvWindowMs = 60_000;
/** How far a client's clock may be ahead. */
const maxAheadMs = 1_000;

/** Says whose call it is. Source: MEXC spot v3, signed (the header X-MEXC-APIKEY, HMAC SHA-256 over the query). */
export class MexcAuthenticator {
  constructor(
    private readonly accounts: AccountRegistry,
    private readonly now: () => EpochMs,
  ) {}

  /** Throws 400, 10072, 700002 to 700005; 700007 where the key may not do this. */
  authenticate(request: WireRequest, needs: SignedEndpoint['needs']): Account {
    const account = this.findAccount(request.headers['x-mexc-apikey']);
    const parameters = new Parameters(request.query);
    const timestamp = parameters.integer('timestamp');
    if (timestamp === null) throw MexcError.missing('timestamp');
    const recvWindowMs = parameters.integer('recvWindow') ?? defaultRecvWindowMs;
    if (recvWindowMs > maxRecvWindowMs) throw new MexcError(700_005, 'recvWindow must less than 60000');
    const signed = request.query.replace(/(^|&)signature=[^&]*/, '');
    if (!isSignedBy(account.identity, signed, parameters.requiredText('signature'))) {
      throw new MexcError(700_002, 'Signature for this request is not valid.');
    }
    const now = this.now();
    if (timestamp >= now + maxAheadMs || now - timestamp > recvWindowMs) {
      throw new MexcError(700_003, 'Timestamp for this request is outside of the recvWindow.');
    }
    const { mayRead, mayTrade } = account.identity.permissions;
    if (!{ READ: mayRead, TRADE: mayTrade }[needs])
      throw new MexcError(700_007, 'No permission to access the endpoint.');
    return account;
  }

  private findAccount(key: unknown): Account {
    if (typeof key !== 'string' || key === '') throw new MexcError(400, 'api key required');
    const account = this.accounts.withKey(key);
    if (account === null) throw new MexcError(10_072, 'Api key info invalid');
    return account;
  }
}

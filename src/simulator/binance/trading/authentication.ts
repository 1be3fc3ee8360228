import type { EpochMs } from '../../../domain/marketData';
import type { Account } from '../../engine/accounts/account';
import type { AccountRegistry } from '../../engine/accounts/accountRegistry';
import { isSignedBy } from '../../engine/accounts/identity';
import type { WireRequest } from '../../server/wire';
import { BinanceError } from '../binanceError';
import type { SignedEndpoint } from '../endpoint';
import { Parameters } from '../parameters';

const defaultRecvWindowMs = 5000;
const maxRecvWindowMs = 60_000;
/** How far a client's clock may be ahead. */
const maxAheadMs = 1000;
const unauthorized = 401;

/** Says whose call it is. Source: Binance spot API, request security. */
export class Authenticator {
  /** accounts: null where nobody has one. */
  constructor(
    private readonly accounts: AccountRegistry | null,
    private readonly now: () => EpochMs,
  ) {}

  /** For a signed REST call. The signature is over query and body as they were sent. Throws -2014, -2015, -1102, -1021, -1022, -1131. */
  authenticate(request: WireRequest): Account {
    const account = this.identify(request);
    const sent = request.query + request.body;
    const signed = sent.replace(/(^|&)signature=[^&]*/, '');
    this.check(account, new Parameters(request.query, request.body), signed);
    return account;
  }

  /** For a call that needs a key and no signature. Throws -2014 or -2015. */
  identify(request: WireRequest): Account {
    const key = request.headers['x-mbx-apikey'];
    return this.findAccount(typeof key === 'string' ? key : null);
  }

  /** For a message of the WebSocket API: the signature is over the sorted parameters. */
  authenticateMessage(params: Readonly<Record<string, unknown>>): Account {
    const texts = Object.entries(params).map(([name, value]) => [name, String(value)] as const);
    const sorted = texts.filter(([name]) => name !== 'signature').sort(([a], [b]) => (a < b ? -1 : 1));
    const account = this.findAccount(typeof params['apiKey'] === 'string' ? params['apiKey'] : null);
    const query = new URLSearchParams(Object.fromEntries(texts)).toString();
    this.check(account, new Parameters(query), sorted.map((pair) => pair.join('=')).join('&'));
    return account;
  }

  private findAccount(key: string | null): Account {
    if (key === null || key === '') {
      throw new BinanceError(-2014, 'API-key format invalid.', { status: unauthorized });
    }
    const account = this.accounts?.withKey(key) ?? null;
    if (account === null) throw notPermitted();
    return account;
  }

  private check(account: Account, parameters: Parameters, signed: string): void {
    const timestamp = parameters.integer('timestamp');
    if (timestamp === null) throw BinanceError.missing('timestamp');
    const signature = parameters.requiredText('signature');
    const recvWindowMs = parameters.integer('recvWindow') ?? defaultRecvWindowMs;
    if (recvWindowMs > maxRecvWindowMs) {
      throw new BinanceError(-1131, `'recvWindow' must be less than ${maxRecvWindowMs}.`);
    }
    const now = this.now();
    if (timestamp >= now + maxAheadMs) {
      throw new BinanceError(-1021, "Timestamp for this request was 1000ms ahead of the server's time.");
    }
    if (now - timestamp > recvWindowMs) {
      throw new BinanceError(-1021, 'Timestamp for this request is outside of the recvWindow.');
    }
    if (!isSignedBy(account.identity, signed, signature)) {
      throw new BinanceError(-1022, 'Signature for this request is not valid.');
    }
  }
}

/** Throws -2015 where an account's key may not do this. */
export function requirePermission(account: Account, needs: SignedEndpoint['needs']): void {
  const { mayRead, mayTrade, mayTradeFutures } = account.identity.permissions;
  if (!{ READ: mayRead, TRADE: mayTrade, FUTURES: mayTradeFutures }[needs]) throw notPermitted();
}

/** The key is unknown, or may not do this. */
function notPermitted(): BinanceError {
  return new BinanceError(-2015, 'Invalid API-key, IP, or permissions for action.', { status: unauthorized });
}

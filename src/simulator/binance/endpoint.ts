import type { Account } from '../engine/accounts/account';
import type { Parameters } from './parameters';

interface Call {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  readonly path: string;
  /** What a call costs of the request weight a minute. */
  readonly weight: number | ((parameters: Parameters) => number);
}

/** A REST call that anybody may make. */
export interface Endpoint extends Call {
  /** Gives the body, to be written as JSON. Throws BinanceError to refuse. */
  readonly handle: (parameters: Parameters) => unknown;
}

/** A REST call in the name of an account. */
export interface SignedEndpoint extends Call {
  /** What the key must be allowed to. */
  readonly needs: 'READ' | 'TRADE' | 'FUTURES';
  readonly handle: (parameters: Parameters, account: Account) => unknown;
}

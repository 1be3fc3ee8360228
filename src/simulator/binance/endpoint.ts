import type { Parameters } from './parameters';

/** One REST call of the exchange. */
export interface Endpoint {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  readonly path: string;
  /** What a call costs of the request weight a minute. */
  readonly weight: number | ((parameters: Parameters) => number);
  /** Gives the body, to be written as JSON. Throws BinanceError to refuse. */
  readonly handle: (parameters: Parameters) => unknown;
}

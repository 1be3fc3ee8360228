import type { Parameters } from './parameters';

/** A REST call that anybody may make. */
export interface Endpoint {
  /** Behind the wire's base path, e.g. "/api/v3/depth". */
  readonly path: string;
  /** What a call costs of the weight that MEXC grants an address in ten seconds; counted, never refused. */
  readonly weight: number | ((parameters: Parameters) => number);
  /** Gives the body, to be written as JSON. Throws MexcError to refuse. */
  readonly handle: (parameters: Parameters) => unknown;
}

import type { IncomingHttpHeaders } from 'node:http';
import type { Connection } from './connection';

export interface WireRequest {
  readonly method: string;
  /** Without the query, e.g. "/api/v3/depth". */
  readonly path: string;
  /** The query as it was sent, without "?". Signatures are made over these very bytes. */
  readonly query: string;
  readonly body: string;
  readonly headers: IncomingHttpHeaders;
}

export interface WireResponse {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly contentType?: string;
  readonly body: string;
}

/** One exchange's protocol on the simulator's port. Each claims paths of its own. */
export interface Wire {
  readonly name: string;
  /** The JSON bodies of answers that only faults cause, in the exchange's own words. */
  readonly words: {
    readonly rateLimit: string;
    readonly ban: string;
    /** The exchange does not know what became of the call. */
    readonly unexpectedResponse: string;
    /** Nor does it here: its inner parts did not answer in time. */
    readonly timeout: string;
  };
  claims(path: string): boolean;
  respond(request: WireRequest): WireResponse;
  /** Takes over a socket that was opened at one of its paths. */
  connect(connection: Connection): void;
  /** Request weight that its clients have used, by "METHOD /path", for the control endpoint. */
  weights(): ReadonlyMap<string, number>;
  /** Ends every timer and upstream. */
  stop(): void;
}

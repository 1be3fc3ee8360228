import { catalogue, type ErrorCode } from './catalogue';

export interface AppErrorOptions {
  /** What the client reads: what is wrong and what to do next. No host names, keys, SQL or vendor texts. */
  readonly publicMessage?: string;
  /** Further public facts beside the code, e.g. `retryAfterMs`. */
  readonly extensions?: Readonly<Record<string, string | number | boolean>>;
  /** The original failure; it goes to the log and never to the client. */
  readonly cause?: unknown;
}

/** A failure that a client may see: it carries a code of the catalogue and a message written for the reader. */
export class AppError extends Error {
  readonly code: ErrorCode;
  readonly publicMessage: string;
  readonly retryable: boolean;
  readonly extensions: Readonly<Record<string, string | number | boolean>>;

  constructor(code: ErrorCode, options: AppErrorOptions = {}) {
    const entry = catalogue[code];
    super(options.publicMessage ?? entry.message, { cause: options.cause });
    this.name = 'AppError';
    this.code = code;
    this.publicMessage = options.publicMessage ?? entry.message;
    this.retryable = entry.retryable;
    this.extensions = options.extensions ?? {};
  }
}

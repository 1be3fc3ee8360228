/** A refusal in Binance's own words: the body is `{"code":…,"msg":…}`. Source: Binance spot API, error codes. */
export class BinanceError extends Error {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;

  constructor(
    readonly code: number,
    message: string,
    answer: { readonly status?: number; readonly headers?: Readonly<Record<string, string>> } = {},
  ) {
    super(message);
    this.name = 'BinanceError';
    this.status = answer.status ?? 400;
    this.headers = answer.headers ?? {};
  }

  static invalidSymbol(): BinanceError {
    return new BinanceError(-1121, 'Invalid symbol.');
  }

  static missing(name: string): BinanceError {
    return new BinanceError(-1102, `Mandatory parameter '${name}' was not sent, was empty/null, or malformed.`);
  }

  static illegal(name: string, range: string): BinanceError {
    return new BinanceError(-1100, `Illegal characters found in parameter '${name}'; legal range is '${range}'.`);
  }

  static invalidInterval(): BinanceError {
    return new BinanceError(-1120, 'Invalid interval.');
  }

  static tooManyRequests(retryAfterSeconds: number): BinanceError {
    return new BinanceError(
      -1003,
      'Too much request weight used; please use WebSocket Streams for live updates to avoid polling the API.',
      { status: 429, headers: { 'Retry-After': String(retryAfterSeconds) } },
    );
  }

  toBody(): string {
    return JSON.stringify({ code: this.code, msg: this.message });
  }
}

/** Answers that only faults cause. Source: Binance spot API, error codes. */
export const binanceWords = {
  rateLimit: '{"code":-1003,"msg":"Too many requests."}',
  ban: '{"code":-1003,"msg":"Way too many requests; IP banned."}',
  unexpectedResponse:
    '{"code":-1006,"msg":"An unexpected response was received from the message bus. Execution status unknown."}',
  timeout:
    '{"code":-1007,"msg":"Timeout waiting for response from backend server. Send status unknown; execution status unknown."}',
};

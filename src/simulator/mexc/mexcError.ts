/** A refusal in MEXC's own words: the body is `{"code":…,"msg":…,"_extend":null}`. Source: MEXC spot v3, error codes. */
export class MexcError extends Error {
  readonly status = 400;

  constructor(
    readonly code: number,
    message: string,
  ) {
    super(message);
    this.name = 'MexcError';
  }

  static invalidSymbol(): MexcError {
    return new MexcError(-1121, 'Invalid symbol.');
  }

  static invalidInterval(): MexcError {
    return new MexcError(-1121, 'Invalid interval.');
  }

  static missing(name: string): MexcError {
    return new MexcError(700_004, `Mandatory parameter '${name}' was not sent, was empty/null, or malformed.`);
  }

  static illegal(name: string, range: string): MexcError {
    return new MexcError(700_008, `Illegal characters found in parameter '${name}'; legal range is '${range}'.`);
  }

  toBody(): string {
    return JSON.stringify({ code: this.code, msg: this.message, _extend: null });
  }
}

/** The body of a 429. Source: MEXC spot v3, limits. */
export const tooManyRequests = '{"code":429,"msg":"Too Many Requests"}';

/** EX_DATAERR of sysexits.h: a file that people write is not as it has to be. */
const dataExitStatus = 65;

/** The calendar of what people do cannot be read. The message says what is wrong where, for whoever writes it. */
export class CalendarError extends Error {
  readonly exitStatus = dataExitStatus;

  constructor(message: string, options: { readonly cause?: unknown } = {}) {
    super(message, { cause: options.cause });
    this.name = 'CalendarError';
  }
}

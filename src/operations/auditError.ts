/** EX_CONFIG of sysexits.h: the settings do not fit this log, or the file of checkpoints cannot be used. */
const configExitStatus = 78;

/** The audit log cannot be kept or verified with these settings. The message is one sentence for the operator. */
export class AuditError extends Error {
  readonly exitStatus = configExitStatus;

  constructor(message: string, options: { readonly cause?: unknown } = {}) {
    super(message, { cause: options.cause });
    this.name = 'AuditError';
  }
}

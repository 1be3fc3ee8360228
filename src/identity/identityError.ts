/** sysexits.h: something that should have been made before is not there. */
const notReadyExitStatus = 69;

/** Keys or users cannot be had. The message is one sentence for the operator; it holds no secret. */
export class IdentityError extends Error {
  readonly exitStatus: number;

  constructor(message: string, options: { readonly cause?: unknown; readonly exitStatus?: number } = {}) {
    super(message, { cause: options.cause });
    this.name = 'IdentityError';
    this.exitStatus = options.exitStatus ?? notReadyExitStatus;
  }
}

/** sysexits.h: a service that is needed is not there. */
const unavailableExitStatus = 69;
/** sysexits.h: try again later. */
const busyExitStatus = 75;

/** The database cannot be used. The message is one sentence for the operator: what is wrong, where, and what to do. No passwords. */
export class StorageError extends Error {
  readonly exitStatus: number;

  constructor(message: string, options: { readonly cause?: unknown; readonly exitStatus?: number } = {}) {
    super(message, { cause: options.cause });
    this.name = 'StorageError';
    this.exitStatus = options.exitStatus ?? unavailableExitStatus;
  }
}

/** Another process is using the same data folder. */
export class StorageBusyError extends StorageError {
  constructor(message: string) {
    super(message, { exitStatus: busyExitStatus });
    this.name = 'StorageBusyError';
  }
}

/** The `code` of a failure of the system or of PostgreSQL (ENOSPC, EACCES, 28P01, …), or null. */
export function codeOf(error: unknown): string | null {
  const hasCode = typeof error === 'object' && error !== null && 'code' in error;
  return hasCode && typeof error.code === 'string' && error.code !== '' ? error.code : null;
}

/** In a word or a line, why something failed. */
export function reasonOf(error: unknown): string {
  return codeOf(error) ?? firstLineOf(error);
}

export function firstLineOf(error: unknown): string {
  const hasMessage = typeof error === 'object' && error !== null && 'message' in error;
  return hasMessage ? (String(error.message).split('\n')[0] ?? '') : 'unknown failure';
}

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

/** The system's word for a failure (ENOSPC, EACCES, 28P01, …), or its first line. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown failure';
  if ('code' in error && typeof error.code === 'string' && error.code !== '') return error.code;
  return error.message.split('\n')[0] ?? error.name;
}

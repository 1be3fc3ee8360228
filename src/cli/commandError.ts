import { ConfigError } from '../config/configError';
import { AppError } from '../errors/appError';
import { IdentityError } from '../identity/identityError';
import { AuditError } from '../operations/auditError';
import { CalendarError } from '../operations/calendarError';
import { ListenError } from '../server/listenError';
import { StorageError } from '../storage/storageError';

/** sysexits.h: the command was called wrongly. */
const usageExitStatus = 64;
/** sysexits.h: a service that is needed is not there. */
const unavailableExitStatus = 69;
/** sysexits.h: something inside went wrong. */
const softwareExitStatus = 70;

/** The command line does not say what to do. `usage` is shown behind the sentence. */
export class UsageError extends Error {
  constructor(
    message: string,
    readonly usage: string,
  ) {
    super(message);
    this.name = 'UsageError';
  }
}

/** A command cannot go on; the message is one sentence for the operator. */
export class CommandError extends Error {
  constructor(
    message: string,
    readonly exitStatus: number,
  ) {
    super(message);
    this.name = 'CommandError';
  }
}

/** Says to the operator what is wrong and what to do, and how the command ends. */
type ToldError = ConfigError | IdentityError | StorageError | AuditError | CalendarError | ListenError | CommandError;

function isTold(error: unknown): error is ToldError {
  return [ConfigError, IdentityError, StorageError, AuditError, CalendarError, ListenError, CommandError].some(
    (kind) => error instanceof kind,
  );
}

/** Tells on standard error why a command ended, and sets the exit status. What nobody foresaw is shown with its stack. */
export function reportFailure(error: unknown): void {
  if (error instanceof UsageError) {
    process.stderr.write(`${error.message}\n\n${error.usage}`);
    process.exitCode = usageExitStatus;
  } else if (isTold(error)) {
    process.stderr.write(`${error.message}\n`);
    process.exitCode = error.exitStatus;
  } else if (error instanceof AppError && error.retryable) {
    // What a client reads names no service: what lies behind it does.
    const cause = isTold(error.cause) ? error.cause : null;
    process.stderr.write(`${[error.publicMessage, ...(cause === null ? [] : [cause.message])].join(' ')}\n`);
    process.exitCode = cause?.exitStatus ?? unavailableExitStatus;
  } else {
    process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
    process.exitCode = softwareExitStatus;
  }
}

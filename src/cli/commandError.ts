import { ConfigError } from '../config/configError';
import { IdentityError } from '../identity/identityError';
import { AuditError } from '../operations/auditError';
import { CalendarError } from '../operations/calendarError';
import { ListenError } from '../server/listenError';
import { StorageError } from '../storage/storageError';

/** sysexits.h: the command was called wrongly. */
const usageExitStatus = 64;
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

/** Tells on standard error why a command ended, and sets the exit status. What nobody foresaw is shown with its stack. */
export function reportFailure(error: unknown): void {
  if (error instanceof UsageError) {
    process.stderr.write(`${error.message}\n\n${error.usage}`);
    process.exitCode = usageExitStatus;
  } else if (
    error instanceof ConfigError ||
    error instanceof IdentityError ||
    error instanceof StorageError ||
    error instanceof AuditError ||
    error instanceof CalendarError ||
    error instanceof ListenError ||
    error instanceof CommandError
  ) {
    process.stderr.write(`${error.message}\n`);
    process.exitCode = error.exitStatus;
  } else {
    process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
    process.exitCode = softwareExitStatus;
  }
}

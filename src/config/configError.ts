/** EX_CONFIG of sysexits.h: a supervisor can tell a wrong setting, which a restart does not cure, from a crash. */
const configExitStatus = 78;
/** EX_UNAVAILABLE: the settings are right, and what they name does not answer now; a supervisor may try again. */
const unavailableExitStatus = 69;

/** The settings do not allow a start. `problems` holds one sentence a setting, all of them at once; `exitStatus` is 78, or 69 where the next start may find none. */
export class ConfigError extends Error {
  readonly exitStatus: number;

  constructor(
    readonly problems: readonly string[],
    { isPassing = false }: { readonly isPassing?: boolean } = {},
  ) {
    super(problems.join('\n'));
    this.name = 'ConfigError';
    this.exitStatus = isPassing ? unavailableExitStatus : configExitStatus;
  }
}

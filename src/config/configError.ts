/** EX_CONFIG of sysexits.h: a supervisor can tell a wrong setting, which a restart does not cure, from a crash. */
const configExitStatus = 78;

/** The settings do not allow a start. `problems` holds one sentence a setting, all of them at once; `exitStatus` is 78. */
export class ConfigError extends Error {
  readonly exitStatus = configExitStatus;

  constructor(readonly problems: readonly string[]) {
    super(problems.join('\n'));
    this.name = 'ConfigError';
  }
}

import type { Check, Outcome } from './check';

/** ok: nothing was found. open: nothing is wrong, and something is left to do before a release. */
type Status = 'ok' | 'open' | 'not run' | 'FAILED';

export interface Line extends Outcome {
  readonly name: string;
  readonly status: Status;
}

/** Runs a check. One that cannot be made, for want of a file or of git, has failed: what was not looked at is not clean. */
export function runCheck(check: Check, projectDir: string): Line {
  try {
    const outcome = check.run(projectDir);
    return { name: check.name, status: statusOf(outcome), ...outcome };
  } catch (error) {
    const sentence = error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error);
    return {
      name: check.name,
      status: 'FAILED',
      figures: 'could not be made',
      findings: [{ place: check.name, sentence }],
    };
  }
}

function statusOf({ findings, open = [], notRun }: Outcome): Status {
  if (findings.length > 0) return 'FAILED';
  if (notRun !== undefined) return 'not run';
  return open.length > 0 ? 'open' : 'ok';
}

/** A release waits for what is open, and for what could not be looked at. */
export function isGood({ status }: Line, isRelease: boolean): boolean {
  return status === 'ok' || (!isRelease && (status === 'open' || status === 'not run'));
}

const shownAtMost = 50;

export function describeLine(line: Line, isRelease: boolean): string {
  const head = `${line.status.padEnd(8)} ${line.name.padEnd(22)} ${line.notRun === undefined ? line.figures : `not run here: ${line.notRun}`}`;
  const told = [...line.findings, ...(isRelease ? (line.open ?? []) : [])];
  const below = told.slice(0, shownAtMost).map(({ place, sentence }) => `         ${place}: ${sentence}`);
  if (told.length > shownAtMost) below.push(`         and ${told.length - shownAtMost} more; --json has all of them`);
  return [head, ...below].map((text) => `${text.trimEnd()}\n`).join('');
}

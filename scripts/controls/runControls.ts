import type { ProvingCommand, ProvingScript, ProvingTests } from './provingCommand';
import { runScript } from './runScript';
import { runTests } from './runTests';

export interface ControlRun {
  readonly projectDir: string;
  readonly bounds: {
    /** Of each script. */
    readonly scriptMs: number;
    /** Of all tests together. */
    readonly testsMs: number;
  };
  /** What the scripts are run beside. Called once, and not where there is none. */
  readonly openHouse: () => Promise<{
    readonly settings: Readonly<Record<string, string>>;
    stop(): Promise<void>;
  }>;
  readonly say: (text: string) => void;
  readonly onProgress: (text: string) => void;
}

/** Of what a command said, where it did not pass. */
const lastLines = 12;

/** Runs each command to its end, says of each whether it passed, and gives the exit status: 0 where every one did. */
export async function runControls(commands: readonly ProvingCommand[], run: ControlRun): Promise<0 | 1> {
  const scripts = commands.filter((command) => command.kind === 'script');
  const tests = commands.filter((command) => command.kind === 'tests');
  const passed = (await passedScripts(scripts, run)) + (await passedTests(tests, run));
  const failed = commands.length - passed;
  run.say(`${commands.length} commands of SECURITY.md: ${passed} passed, ${failed} did not.\n`);
  return failed === 0 ? 0 : 1;
}

async function passedScripts(scripts: readonly ProvingScript[], run: ControlRun): Promise<number> {
  if (scripts.length === 0) return 0;
  const { projectDir, bounds, onProgress } = run;
  const house = await run.openHouse();
  try {
    let passed = 0;
    for (const script of scripts) {
      onProgress(`running ${script.text} …\n`);
      const startedAt = Date.now();
      const wish = { settings: house.settings, timeoutMs: bounds.scriptMs, projectDir };
      const { status, said } = await runScript(script, wish);
      const seconds = Math.round((Date.now() - startedAt) / 1000);
      if (status === 0) {
        passed += 1;
        tell(run, script, { passed: true, why: [`${seconds} s`] });
      } else {
        const end = said
          .split('\n')
          .filter((line) => line.trim() !== '')
          .slice(-lastLines);
        const why = status === null ? `ended after ${seconds} s` : `exit status ${status}, ${seconds} s`;
        tell(run, script, { passed: false, why: [why, ...end] });
      }
    }
    return passed;
  } finally {
    await house.stop();
  }
}

async function passedTests(tests: readonly ProvingTests[], run: ControlRun): Promise<number> {
  if (tests.length === 0) return 0;
  const { projectDir, bounds, onProgress } = run;
  const verdicts = await runTests(tests, { projectDir, timeoutMs: bounds.testsMs, onProgress });
  for (const { command, ...verdict } of verdicts) tell(run, command, verdict);
  return verdicts.filter(({ passed }) => passed).length;
}

function tell(
  { say }: ControlRun,
  { text }: ProvingCommand,
  { passed, why }: { readonly passed: boolean; readonly why: readonly string[] },
): void {
  say(`${(passed ? 'ok' : 'FAILED').padEnd(7)}${text}\n         ${why.join('\n         ')}\n`);
}

import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { ProvingTests } from './provingCommand';
import { statusWithin } from './statusWithin';

/** The part of jest's --json that is read here. */
interface JestReport {
  readonly testResults: readonly {
    readonly name: string;
    readonly status: string;
    readonly assertionResults: readonly { readonly status: string }[];
  }[];
}

/** What a run of jest said of the tests of one command. */
export interface TestsVerdict {
  readonly command: ProvingTests;
  readonly passed: boolean;
  /** Lines. */
  readonly why: readonly string[];
}

/** What the tests of each command have proven: in one run, because many of them name the same tests. */
export async function runTests(
  commands: readonly ProvingTests[],
  wish: { readonly projectDir: string; readonly timeoutMs: number; readonly onProgress: (text: string) => void },
): Promise<readonly TestsVerdict[]> {
  const { projectDir, timeoutMs, onProgress } = wish;
  const files = [...new Set(commands.flatMap((command) => command.files))];
  onProgress(`running jest on ${files.length} files …\n`);
  const folder = mkdtempSync(path.join(tmpdir(), 'check-controls-'));
  try {
    const reportFile = path.join(folder, 'report.json');
    const jest = path.join(projectDir, 'node_modules/jest/bin/jest.js');
    const child = spawn(process.execPath, [jest, '--forceExit', '--json', `--outputFile=${reportFile}`, ...files], {
      cwd: projectDir,
      // What jest says of itself is progress here; its report is read from the file.
      stdio: ['ignore', 'ignore', 'pipe'],
      detached: true,
    });
    child.stderr.on('data', (chunk: Buffer) => {
      onProgress(chunk.toString());
    });
    const status = await statusWithin(child, timeoutMs);
    if (!existsSync(reportFile)) {
      const how = status === null ? `was ended after ${timeoutMs / 1_000} s` : `ended with ${status}`;
      return commands.map((command) => ({ command, passed: false, why: [`jest ${how}, and has left no report`] }));
    }
    const { testResults } = JSON.parse(readFileSync(reportFile, 'utf8')) as JestReport;
    const results = new Map(testResults.map((result) => [path.relative(projectDir, result.name), result]));
    return commands.map((command) => judge(command, results));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** A test that was skipped has proven nothing, but a file may hold some that need what is not here. */
function judge(command: ProvingTests, results: ReadonlyMap<string, JestReport['testResults'][number]>): TestsVerdict {
  const counts = { passed: 0, failed: 0, skipped: 0 };
  const wrong: string[] = [];
  for (const file of command.files) {
    const statuses = results.get(file)?.assertionResults.map(({ status }) => status) ?? [];
    const passed = statuses.filter((status) => status === 'passed').length;
    const skipped = statuses.filter((status) => status === 'pending').length;
    counts.passed += passed;
    counts.skipped += skipped;
    counts.failed += statuses.length - passed - skipped;
    // Jest has a word of its own for a file of which a part was skipped.
    if (results.get(file)?.status === 'failed' || passed === 0) wrong.push(file);
  }
  const { passed, failed, skipped } = counts;
  const sum = `${passed} tests passed, ${failed} failed, ${skipped} skipped`;
  return { command, passed: wrong.length === 0, why: [sum, ...wrong.map((file) => `not proven by ${file}`)] };
}

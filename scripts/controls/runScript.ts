import { spawn } from 'node:child_process';
import path from 'node:path';
import { statusWithin } from './statusWithin';

export interface EndedScript {
  /** Null where it was ended because it took too long. */
  readonly status: number | null;
  /** Standard output and error, as they came. */
  readonly said: string;
}

const ownDir = path.resolve(__dirname, '../..');

/** Runs a script of package.json to its end. settings: what it finds in its environment, beside PATH and HOME. */
export async function runScript(
  { script, args }: { readonly script: string; readonly args: readonly string[] },
  wish: {
    readonly settings: Readonly<Record<string, string>>;
    readonly timeoutMs: number;
    /** This one where nothing is said. */
    readonly projectDir?: string;
  },
): Promise<EndedScript> {
  const { settings, timeoutMs, projectDir = ownDir } = wish;
  const { PATH, HOME, CI } = process.env;
  const child = spawn('npm', ['run', '--silent', script, '--', ...args], {
    cwd: projectDir,
    env: { PATH, HOME, ...(CI === undefined ? {} : { CI }), ...settings },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (said += chunk.toString()));
  const status = await statusWithin(child, timeoutMs);
  return { status, said };
}

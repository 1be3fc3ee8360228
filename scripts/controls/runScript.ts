import { spawn } from 'node:child_process';
import path from 'node:path';

export interface EndedScript {
  /** Null where it was ended because it took too long. */
  readonly status: number | null;
  /** Standard output and error, as they came. */
  readonly said: string;
}

/** Runs a script of package.json to its end. settings: what it finds in its environment, beside PATH and HOME. */
export async function runScript(
  { script, args }: { readonly script: string; readonly args: readonly string[] },
  { settings, timeoutMs }: { readonly settings: Readonly<Record<string, string>>; readonly timeoutMs: number },
): Promise<EndedScript> {
  const { PATH, HOME, CI } = process.env;
  const child = spawn('npm', ['run', '--silent', script, '--', ...args], {
    cwd: path.resolve(__dirname, '../..'),
    env: { PATH, HOME, ...(CI === undefined ? {} : { CI }), ...settings },
    stdio: ['ignore', 'pipe', 'pipe'],
    // A group of its own: npm does not pass a signal on to what it started.
    detached: true,
  });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (said += chunk.toString()));
  const timer = setTimeout(() => process.kill(-(child.pid ?? 0), 'SIGKILL'), timeoutMs);
  try {
    const status = await new Promise<number | null>((resolve, reject) => {
      child.once('error', reject);
      child.once('close', resolve);
    });
    return { status, said };
  } finally {
    clearTimeout(timer);
  }
}

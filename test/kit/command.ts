import { eventually } from './eventually';
import { NodeProcess } from './nodeProcess';
import { fromSource } from './fromSource';

/** One of the commands of src/cli, run from its source with settings of its own. */
export class Command extends NodeProcess {
  constructor(name: string, args: readonly string[], environment: Readonly<Record<string, string>>) {
    const { PATH, HOME } = process.env;
    super([...fromSource(), `src/cli/${name}.ts`, ...args], { PATH, HOME, ...environment });
  }

  /** Waits until the pattern is found in what was printed on standard output. Throws where the command ends before. */
  async says(pattern: RegExp): Promise<RegExpExecArray> {
    await eventually(() => pattern.test(this.stdout) || this.hasEnded, { timeoutMs: 60_000 });
    const match = pattern.exec(this.stdout);
    if (match === null)
      throw new Error(`ended with ${String(this.status)} without ${String(pattern)}: ${this.stdout}${this.stderr}`);
    return match;
  }
}

import { createHash } from 'node:crypto';

/** Everything that happened in one run, in order: two runs are the same where their digests are. */
export class Trace {
  readonly #hash = createHash('sha256');

  constructor(
    private readonly now: () => number,
    private readonly onLine: (line: string) => void = () => undefined,
  ) {}

  write(what: string, detail: unknown = null): void {
    const line = `${this.now()} ${what} ${JSON.stringify(detail, spellOut)}`;
    this.#hash.update(line).update('\n');
    this.onLine(line);
  }

  /** The last call. */
  digest(): string {
    return this.#hash.digest('hex');
  }
}

/** JSON has no words for these. */
function spellOut(_key: string, value: unknown): unknown {
  if (typeof value === 'bigint') return `${value}`;
  return value instanceof Error ? value.message : value;
}

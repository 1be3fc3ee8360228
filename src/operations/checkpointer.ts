import type { AuditLinks } from '../storage/audit/auditLinks';
import type { ChainHead } from '../storage/audit/auditRecords';
import type { BackgroundRunner } from '../telemetry/backgroundRunner';
import type { AuditChain } from './auditChain';
import { appendCheckpoint, readCheckpoints } from './checkpointFile';

export interface CheckpointerParts {
  readonly links: Pick<AuditLinks, 'head' | 'find'>;
  readonly chain: AuditChain;
  /** Where checkpoints are kept: not in the database. */
  readonly file: string;
  readonly clock: () => number;
  readonly runner: BackgroundRunner;
  /** The chain does not hold what was signed before: somebody has cut or changed it. */
  readonly onBroken: (known: ChainHead, found: ChainHead | null) => void;
  readonly intervalMs?: number;
  readonly every?: number;
}

/** What is cut off behind the last checkpoint leaves no trace: so long at most, and so many entries. */
const usualIntervalMs = 5 * 60_000;
const usualEvery = 1_000;

/** Signs where the chain stands, into a file of this node's own, outside of the database. */
export class Checkpointer {
  #last: ChainHead | null = null;
  #timer: NodeJS.Timeout | null = null;
  #writing: Promise<void> = Promise.resolve();

  constructor(private readonly parts: CheckpointerParts) {}

  /** Throws AuditError where the file cannot be read. */
  async start(): Promise<void> {
    const { chain, file, runner, intervalMs = usualIntervalMs } = this.parts;
    const { checkpoints } = await readCheckpoints(file, chain);
    this.#last = checkpoints.at(-1) ?? null;
    await this.write();
    this.#timer = setInterval(() => {
      runner.run('audit checkpoint', () => this.write());
    }, intervalMs);
  }

  /** Told where the chain stands: writes where it has grown by much. */
  note({ seq }: ChainHead): void {
    const { every = usualEvery, runner } = this.parts;
    if (seq - (this.#last?.seq ?? 0) >= every) runner.run('audit checkpoint', () => this.write());
  }

  /** Writes where the chain has grown since. One after the other. */
  write(): Promise<void> {
    const written = this.#writing.then(() => this.#write());
    this.#writing = written.catch(() => undefined);
    return written;
  }

  async stop(): Promise<void> {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#timer = null;
    await this.write();
  }

  async #write(): Promise<void> {
    const { links, chain, file, clock, onBroken } = this.parts;
    const head = await links.head();
    const last = this.#last;
    if (last !== null) {
      const found = await links.find(last.seq);
      if (found?.hash !== last.hash) onBroken(last, found);
    }
    if (head === null || head.seq <= (last?.seq ?? 0)) return;
    const at = new Date(clock()).toISOString();
    await appendCheckpoint(file, { ...head, at, signature: chain.signCheckpoint(head, at) });
    this.#last = head;
  }
}

import type { AuditLinks, LinkingRequest } from '../storage/audit/auditLinks';
import type { ChainHead, NewLink, PendingRecord } from '../storage/audit/auditRecords';
import type { BackgroundRunner } from '../telemetry/backgroundRunner';
import type { AuditChain } from './auditChain';
import { AuditError } from './auditError';

export interface AuditChainerParts {
  readonly links: Pick<AuditLinks, 'linkPending' | 'find'>;
  readonly chain: AuditChain;
  readonly runner: BackgroundRunner;
  /** Told where the chain stands after it has grown. */
  readonly onGrown: (head: ChainHead) => void;
  /** The chain stands before a place where it stood already: somebody has cut or changed it. */
  readonly onBroken: (known: ChainHead, found: ChainHead | null) => void;
  readonly intervalMs?: number;
  readonly batch?: number;
}

/**
 * How long an entry may wait, at about. A look costs one small statement where there is nothing; to be woken by every commit would link
 * in many small steps what this links in one.
 */
const usualIntervalMs = 250;
const usualBatch = 2_000;

/** Links committed entries into the chain, soon after. Every node does so; the database lets one at a time. */
export class AuditChainer {
  #settled: string | null = null;
  #known: ChainHead | null = null;
  #timer: NodeJS.Timeout | null = null;
  #working: Promise<void> | null = null;

  constructor(private readonly parts: AuditChainerParts) {}

  /** Throws AuditError where the chain was begun with another key: links of this one behind it could not be verified. */
  async start(): Promise<void> {
    const { links, chain, runner, intervalMs = usualIntervalMs } = this.parts;
    const first = await links.find(1);
    if (first !== null && first.prevHash !== chain.genesis)
      throw new AuditError(
        'AUDIT_KEY is not the key that the audit log of this database was begun with: set that one. docs/AUDIT.md says what to do where it is lost.',
      );
    this.#timer = setInterval(() => {
      if (this.#working === null) runner.run('audit chain', () => this.#work());
    }, intervalMs);
  }

  /** Links what is committed by now, unless another node is about it. */
  async flush(): Promise<void> {
    await this.#working;
    await this.#work();
  }

  async stop(): Promise<void> {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#timer = null;
    await this.flush();
  }

  async #work(): Promise<void> {
    const working = this.#linkAll();
    this.#working = working.catch(() => undefined);
    try {
      await working;
    } finally {
      this.#working = null;
    }
  }

  async #linkAll(): Promise<void> {
    const { links, batch = usualBatch } = this.parts;
    for (;;) {
      const request: LinkingRequest = {
        settled: this.#settled,
        batch,
        link: (head, entries) => this.#link(head, entries),
      };
      const linking = await links.linkPending(request);
      if (linking.kind === 'busy') return;
      this.#settled = linking.settled;
      if (linking.kind === 'idle') return;
      this.#learn(linking.found, linking.head);
      if (!linking.hasMore) return;
    }
  }

  #link(head: ChainHead | null, entries: readonly PendingRecord[]): readonly NewLink[] {
    const { chain } = this.parts;
    let { seq, hash: prevHash } = head ?? { seq: 0, hash: chain.genesis };
    return entries.map(({ number, record }) => {
      seq += 1;
      const link = { seq, number, prevHash, hash: chain.hashOf(prevHash, seq, record) };
      prevHash = link.hash;
      return link;
    });
  }

  #learn(found: ChainHead | null, head: ChainHead | null): void {
    const known = this.#known;
    const isBroken =
      known !== null &&
      (found === null || found.seq < known.seq || (found.seq === known.seq && found.hash !== known.hash));
    if (isBroken) this.parts.onBroken(known, found);
    this.#known = head;
    if (head !== null && head.seq !== known?.seq) this.parts.onGrown(head);
  }
}

import { join } from 'node:path';
import type { LoadOrder, LoadReport } from './client/orders';
import { cores, readCpu, shareOfOthers } from './machine';
import { AskedProcess } from './processes/askedProcess';
import type { ClientCalls, ServerCalls } from './processes/calls';
import { guardedServers, type ServerKind, type ServerReport } from './server/serverKind';
import type { StreamKind } from './streamKind';
import { rsaPem } from '../../test/kit/keyPairs';
import { issueTokens } from './tokens';

/** A window in which other processes took more of a core than this is not counted. */
const maxOthersShare = 0.25;
const goneTimeoutMs = 30_000;

export interface Readers {
  readonly readers: number;
  readonly markets: number;
  /** Tickers where nothing is said. */
  readonly stream?: StreamKind;
}

/** What one server did in one stretch of load. */
export interface Window extends LoadReport {
  readonly cpuUs: number;
  readonly cpuUsPerMessage: number;
  /** False where other processes disturbed it. */
  readonly isQuiet: boolean;
}

interface Started {
  readonly process: AskedProcess<ServerCalls>;
  readonly report: ServerReport;
  /** Connections that stay when all readers are gone. */
  readonly idleConnections: number;
}

function startClient(): AskedProcess<ClientCalls> {
  return new AskedProcess({ file: join(__dirname, 'client/main.ts'), core: cores.client });
}

/** The processes of a run: servers, started when first asked for and then left up, and the client. */
export class Rig {
  #client = startClient();
  readonly #servers = new Map<ServerKind, Started>();
  readonly #signingKeyPem = rsaPem(3072);
  #tokens: readonly string[] | null = null;
  windows = 0;
  disturbedWindows = 0;
  /** Limits that a server ran with higher than a user would find them. */
  raisedLimits: Readonly<Record<string, number>> = {};

  /** Connects readers, every one with one subscription a market. Gives the bytes of a frame. */
  async connect(kind: ServerKind, { readers, markets, stream = 'tickers' }: Readers): Promise<number> {
    const { process, report } = await this.#server(kind);
    await process.ask('openMarkets', markets);
    const tokens = guardedServers.has(kind) ? this.#issueTokens() : [];
    const { port, controlPort } = report;
    return this.#client.ask('connect', { kind, port, controlPort, readers, markets, stream, tokens });
  }

  /** Resolves when the server has let go of them. */
  async disconnect(kind: ServerKind): Promise<void> {
    await this.#client.ask('disconnect', kind);
    const { idleConnections } = await this.#server(kind);
    const until = performance.now() + goneTimeoutMs;
    while ((await this.usage(kind)).connections > idleConnections) {
      if (performance.now() > until) throw new Error(`${kind} keeps sockets of readers who are gone`);
    }
  }

  closedLoop(kind: ServerKind, durationMs: number): Promise<Window> {
    return this.#measure(kind, () => this.#client.ask('closedLoop', { kind, durationMs }));
  }

  openLoop(order: LoadOrder): Promise<Window> {
    return this.#measure(order.kind, () => this.#client.ask('openLoop', order));
  }

  stall(kind: ServerKind, readers: number): Promise<null> {
    return this.#client.ask('stall', { kind, readers });
  }

  /** CPU of a piece of work whose messages are connections. */
  async connectionWindow(kind: ServerKind, readers: Readers): Promise<Window> {
    const window = await this.#measure(kind, async () => {
      const bytes = await this.connect(kind, readers);
      return { messages: readers.readers, bytes, latency: null, resumed: null };
    });
    await this.disconnect(kind);
    return window;
  }

  async usage(kind: ServerKind, collectGarbage = false) {
    const { process } = await this.#server(kind);
    return process.ask('usage', { collectGarbage });
  }

  /** Ends a server, so that the next who asks for it gets a fresh one. */
  endServer(kind: ServerKind): void {
    this.#servers.get(kind)?.process.end();
    this.#servers.delete(kind);
  }

  /** All processes anew: after a failure nobody knows what state they are in. */
  restart(): void {
    this.end();
    this.#client = startClient();
  }

  end(): void {
    for (const kind of [...this.#servers.keys()]) this.endServer(kind);
    this.#client.end();
  }

  async #measure(kind: ServerKind, work: () => Promise<LoadReport>): Promise<Window> {
    await this.#server(kind);
    const pids = [process.pid, this.#client.pid, ...[...this.#servers.values()].map((each) => each.process.pid)];
    const machineBefore = readCpu(pids);
    const before = await this.usage(kind);
    const report = await work();
    const after = await this.usage(kind);
    const isQuiet = shareOfOthers(machineBefore, readCpu(pids)) <= maxOthersShare;
    this.windows += 1;
    if (!isQuiet) this.disturbedWindows += 1;
    const cpuUs = after.cpuUs - before.cpuUs;
    return { ...report, cpuUs, cpuUsPerMessage: cpuUs / report.messages, isQuiet };
  }

  async #server(kind: ServerKind): Promise<Started> {
    const known = this.#servers.get(kind);
    if (known !== undefined) return known;
    const process = new AskedProcess<ServerCalls>({ file: join(__dirname, 'server/main.ts'), core: cores.server });
    try {
      const report = await process.ask('start', { kind, signingKeyPem: this.#signingKeyPem });
      const { connections } = await process.ask('usage', { collectGarbage: false });
      const started = { process, report, idleConnections: connections };
      this.#servers.set(kind, started);
      this.raisedLimits = { ...this.raisedLimits, ...report.raisedLimits };
      return started;
    } catch (error) {
      process.end();
      throw error;
    }
  }

  #issueTokens(): readonly string[] {
    this.#tokens ??= issueTokens(this.#signingKeyPem);
    return this.#tokens;
  }
}

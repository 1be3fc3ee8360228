import 'reflect-metadata';
import { answerCalls } from '../processes/answerCalls';
import type { ServerCalls } from '../processes/calls';
import { assemble, type Assembly } from './assembly';
import { sendToEach, writeOnceATurn } from './broadcast';
import { listenForCommands } from './control';
import { startGraphqlWsServer } from './graphqlWsServer';
import { startMercuriusServer } from './mercuriusServer';
import { startRawServer } from './rawServer';
import { isOurs, type ServerKind, type ServerUsage } from './serverKind';
import { raisedCaps, startTickgateServer } from './tickgateServer';

/** One server of the benchmark, in a process of its own. */
const starts: Readonly<Record<ServerKind, (assembly: Assembly) => Promise<number>>> = {
  raw: (assembly) => startRawServer(assembly, { isTokenChecked: false, broadcast: sendToEach }),
  rawWithToken: (assembly) => startRawServer(assembly, { isTokenChecked: true, broadcast: sendToEach }),
  floor: (assembly) => startRawServer(assembly, { isTokenChecked: false, broadcast: writeOnceATurn() }),
  tickgate: (assembly) => startTickgateServer(assembly),
  tickgateWindowed: (assembly) => startTickgateServer(assembly, { flushWindowMs: 20 }),
  tickgateUnshared: (assembly) => startTickgateServer(assembly, { sharedExecution: false }),
  graphqlWs: (assembly) => startGraphqlWsServer(assembly, false),
  graphqlWsGuarded: (assembly) => startGraphqlWsServer(assembly, true),
  mercurius: startMercuriusServer,
};

let assembly: Assembly | null = null;

answerCalls<ServerCalls>({
  async start(settings) {
    assembly = assemble(settings);
    const port = await starts[settings.kind](assembly);
    return {
      port,
      controlPort: await listenForCommands(assembly.feed),
      raisedLimits: isOurs(settings.kind) ? raisedCaps : {},
    };
  },
  openMarkets(count) {
    assembly?.feed.openMarkets(count);
    return null;
  },
  usage: ({ collectGarbage }) => usageNow(collectGarbage),
});

async function usageNow(collectGarbage: boolean): Promise<ServerUsage> {
  if (collectGarbage) {
    // Twice: what a finalizer lets go of is found by the second.
    globalThis.gc?.();
    globalThis.gc?.();
  }
  const { user, system } = process.cpuUsage();
  const { heapUsed, external } = process.memoryUsage();
  const connections = process.getActiveResourcesInfo().filter((name) => name === 'TCPSocketWrap').length;
  const counted = (await assembly?.metrics.streamExecutions.get())?.values ?? [];
  const sharedExecutions = counted.reduce((sum, { value }) => sum + value, 0);
  return { cpuUs: user + system, heapBytes: heapUsed + external, connections, sharedExecutions };
}

import { BuiltServer } from './edge/builtServer';
import { certificateSwap } from './edge/checks/certificateSwap';
import type { EdgeCheck, Finding } from './edge/checks/edgeCheck';
import { multiplexedRequests, signIns, sockets, sustainedRate } from './edge/checks/limits';
import { livePrices, silentSockets } from './edge/checks/livePrices';
import { observatory } from './edge/checks/observatory';
import { slowClients } from './edge/checks/slowClients';
import { suites, suitesOfRsa, testssl } from './edge/checks/tls';
import { RunningNginx } from './edge/runningNginx';

/** In the order in which they run. */
const checks: Readonly<Record<string, EdgeCheck>> = {
  signIns,
  multiplexedRequests,
  sockets,
  livePrices,
  suites,
  suitesOfRsa,
  certificateSwap,
  silentSockets,
  sustainedRate,
  slowClients,
  testssl,
  observatory,
};

/** `npm run check:edge`: Debian's nginx in front of the built server, one line a check; with names, those alone. */
async function main(names: readonly string[]): Promise<void> {
  const unknown = names.filter((name) => !Object.hasOwn(checks, name));
  if (unknown.length > 0) throw new Error(`There is no ${unknown.join(', ')}: ${Object.keys(checks).join(', ')}.`);
  const server = await BuiltServer.start();
  try {
    for (const [name, check] of Object.entries(checks)) {
      if (names.length > 0 && !names.includes(name)) continue;
      const isGood = await show(name, check, server);
      if (!isGood) process.exitCode = 1;
    }
  } finally {
    await server.stop();
  }
}

async function show(name: string, check: EdgeCheck, server: BuiltServer): Promise<boolean> {
  const { isGood, seen } = await runWith(server, check).catch((error: unknown) => ({
    isGood: false,
    seen: error instanceof Error ? error.message : String(error),
  }));
  process.stdout.write(`${isGood ? 'ok    ' : 'FAILED'} ${name}: ${check.name}\n         ${seen}\n`);
  return isGood;
}

async function runWith(server: BuiltServer, check: EdgeCheck): Promise<Finding> {
  const nginx = await RunningNginx.start({ nodes: [`127.0.0.1:${server.place.port}`], ...check.wishes });
  try {
    return await check.run({ server, nginx });
  } finally {
    await nginx.stop();
  }
}

main(process.argv.slice(2)).catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
});

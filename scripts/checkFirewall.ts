import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describeProbe, expectations } from './firewall/expectations';
import { FirewalledHost } from './firewall/firewalledHost';

/**
 * Loads docker/nftables.conf between network namespaces, with somebody listening at every port, and tries who reaches what: first without it,
 * then with it. Needs root, nft and ip; changes nothing of this machine. Usage: npm run check:firewall
 */
async function main(): Promise<void> {
  const docker = path.resolve(__dirname, '../docker');
  const dir = mkdtempSync(path.join(tmpdir(), 'tickgate-firewall-'));
  const probes = expectations.map(({ probe }) => probe);
  let host: FirewalledHost | null = null;
  try {
    host = await FirewalledHost.make(dir);
    const before = await host.probe(probes);
    await host.load(path.join(docker, 'nftables.conf'), path.join(docker, 'fillEgress.sh'));
    const after = await host.probe(probes);
    const wrong = expectations.filter(({ probe, isOpen }, index) => {
      const isRight = before[index] === true && after[index] === isOpen;
      const state = after[index] === true ? 'open' : 'closed';
      process.stdout.write(`${isRight ? 'ok    ' : 'FAILED'} ${state.padEnd(6)} ${describeProbe(probe)}\n`);
      if (before[index] !== true) process.stdout.write('         nobody answers there without the firewall either\n');
      return !isRight;
    });
    process.stdout.write(
      `${probes.length} probes, ${wrong.length} not as they should be; without the firewall all are open.\n`,
    );
    if (wrong.length > 0) process.exitCode = 1;
  } finally {
    await host?.close();
    rmSync(dir, { recursive: true });
  }
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
});

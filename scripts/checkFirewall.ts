import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { describeProbe, openThrough, probes, type Clients, type Firewall } from './firewall/expectations';
import { FirewalledHost } from './firewall/firewalledHost';

/**
 * Loads docker/nftables.conf (or what docker/ufw.sh makes) between network namespaces, with somebody listening at every port, and tries who reaches
 * what: first without it, then with it; once open to everybody, once to Cloudflare alone. Needs root, nft and ip; changes nothing of this machine.
 * Usage: npm run check:firewall [-- --ufw]
 */
async function main(): Promise<void> {
  const { values } = parseArgs({ options: { ufw: { type: 'boolean', default: false } } });
  for (const clients of ['everybody', 'cloudflare'] as const) {
    if (!(await isAsItShouldBe(values.ufw ? 'ufw' : 'nftables', clients))) process.exitCode = 1;
  }
}

async function isAsItShouldBe(firewall: Firewall, clients: Clients): Promise<boolean> {
  const dir = mkdtempSync(path.join(tmpdir(), 'tickgate-firewall-'));
  let host: FirewalledHost | null = null;
  try {
    host = await FirewalledHost.make(dir);
    const before = await host.probe(probes);
    await host.load(firewall, { clients });
    const after = await host.probe(probes);
    const wanted = openThrough(firewall, clients);
    const wrong = probes.filter((probe, index) => {
      const isRight = before[index] === true && after[index] === wanted.includes(probe);
      const state = after[index] === true ? 'open' : 'closed';
      process.stdout.write(`${isRight ? 'ok    ' : 'FAILED'} ${state.padEnd(6)} ${describeProbe(probe)}\n`);
      if (before[index] !== true) process.stdout.write('         nobody answers there without the firewall either\n');
      return !isRight;
    });
    process.stdout.write(
      `${firewall}, clients from ${clients}: ${probes.length} probes, ${wrong.length} not as they should be; without the firewall all are open.\n`,
    );
    return wrong.length === 0;
  } finally {
    await host?.close();
    rmSync(dir, { recursive: true });
  }
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
});

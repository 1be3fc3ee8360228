import { hostname } from 'node:os';
import { judgeFirewall } from '../firewall/judgeFirewall';
import { FirewallUnseen, readFirewall } from '../firewall/readFirewall';
import type { SecurityReport } from './doctor';
import type { Finding } from './finding';
import { machineId } from './machine';

const ofTheHost = ['firewall', 'firewallRules'];

/** The report of a server, with what only a command on its host can see. */
export async function withHostView(report: SecurityReport): Promise<SecurityReport> {
  const finding = await lookAtFirewall(report.machine);
  const checks = report.checks.map((check) => (ofTheHost.includes(check.name) ? { ...check, ...finding } : check));
  return { ...report, checks };
}

async function lookAtFirewall(machine: string | null): Promise<Finding> {
  if (machine === null || machine !== machineId()) {
    return {
      passed: false,
      evidence:
        'the server runs on another machine than this command, or nobody can tell: run it on the host of the server',
    };
  }
  try {
    const { passed, evidence } = judgeFirewall(await readFirewall());
    const wayOut = passed ? '' : '; docker/nftables.conf closes it, docs/DEPLOYMENT.md says how it is put to use';
    return { passed, evidence: `rules of ${hostname()}, where the server runs: ${evidence}${wayOut}` };
  } catch (error) {
    if (!(error instanceof FirewallUnseen)) throw error;
    return {
      passed: false,
      evidence: `the rules of this host cannot be seen: ${error.message}; run this on the host, as root`,
    };
  }
}

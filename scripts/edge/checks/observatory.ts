import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import type { EdgeCheck } from './edgeCheck';

const run = promisify(execFile);
/** Not among the project's packages: it brings a database client, a browser's DOM and an error reporter for one command. */
const scanner = '@mdn/mdn-http-observatory@1.4.8';

interface Scan {
  readonly scan: {
    readonly grade: string | null;
    readonly score: number | null;
    readonly testsFailed: number;
    readonly testsPassed: number;
    readonly error: string | null;
  };
}

export const observatory: EdgeCheck = {
  name: 'MDN HTTP Observatory, run here (downloads its scanner; ports 80 and 443 of loopback): A+',
  wishes: { ports: { https: 443, http: 80 }, variables: { PUBLIC_HOST: 'localhost' } },
  async run({ nginx }) {
    const dir = path.join(nginx.dir, 'observatory');
    const quietly = ['--ignore-scripts', '--omit=optional', '--no-audit', '--no-fund'];
    await run('npm', ['install', '--prefix', dir, ...quietly, scanner]);
    const scannerDir = path.join(dir, 'node_modules/@mdn/mdn-http-observatory');
    // Its install script would fetch the browsers' list of hosts; without a host on it there is no bonus for being there.
    writeFileSync(path.join(scannerDir, 'conf/hsts-preload.json'), '{}');
    // Its wrapper would replace whom Node trusts.
    const env = { ...process.env, NODE_EXTRA_CA_CERTS: nginx.certificate.certificate };
    const { stdout } = await run(process.execPath, [path.join(scannerDir, 'src/scan.js'), 'localhost'], { env });
    const { grade, score, testsPassed, testsFailed } = (JSON.parse(stdout) as Scan).scan;
    return {
      isGood: grade === 'A+' && testsFailed === 0,
      seen: `grade ${String(grade)}, score ${String(score)}, ${testsPassed} passed, ${testsFailed} failed`,
    };
  },
};

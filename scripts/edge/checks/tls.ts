import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import type { KeyKind } from '../throwAwayCertificate';
import type { EdgeCheck } from './edgeCheck';

const run = promisify(execFile);

/** Mozilla's intermediate profile, guidelines 5.8 and later: https://ssl-config.mozilla.org */
const mozilla = new Set([
  ...['TLS_AES_128_GCM_SHA256', 'TLS_AES_256_GCM_SHA384', 'TLS_CHACHA20_POLY1305_SHA256'],
  ...['ECDHE-ECDSA-AES128-GCM-SHA256', 'ECDHE-RSA-AES128-GCM-SHA256', 'ECDHE-ECDSA-AES256-GCM-SHA384'],
  ...['ECDHE-RSA-AES256-GCM-SHA384', 'ECDHE-ECDSA-CHACHA20-POLY1305', 'ECDHE-RSA-CHACHA20-POLY1305'],
]);

export const suites = suitesOf('ECDSA');
export const suitesOfRsa = suitesOf('RSA');

/** Of TLS 1.2 a server has those suites that its certificate's key can sign for: with one kind of key, half of them are never seen. */
function suitesOf(certificateKey: KeyKind): EdgeCheck {
  return {
    name: `sslscan, ${certificateKey}: TLS 1.0 and 1.1 refused, every suite within Mozilla's intermediate list`,
    wishes: { certificateKey },
    async run({ nginx }) {
      const { stdout } = await run('sslscan', [
        '--no-colour',
        '--sni-name=localhost',
        `127.0.0.1:${nginx.ports.https}`,
      ]);
      const versions = [...stdout.matchAll(/^((?:SSL|TLS)v[\d.]+)\s+(enabled|disabled)/gm)].map(
        ([, version, state]) => `${version} ${state}`,
      );
      const accepted = [...stdout.matchAll(/^(?:Preferred|Accepted)\s+\S+\s+\d+ bits\s+(\S+)/gm)].map(
        ([, suite = '']) => suite,
      );
      const foreign = accepted.filter((suite) => !mozilla.has(suite));
      const isGood =
        versions.join() ===
          'SSLv2 disabled,SSLv3 disabled,TLSv1.0 disabled,TLSv1.1 disabled,TLSv1.2 enabled,TLSv1.3 enabled' &&
        accepted.length === 6 &&
        accepted.filter((suite) => suite.includes(`-${certificateKey}-`)).length === 3 &&
        foreign.length === 0;
      return {
        isGood,
        seen: `${versions.join(', ')}; ${accepted.length} suites (${accepted.join(' ')}), ${foreign.length} not on the list`,
      };
    },
  };
}

interface TestsslFinding {
  readonly id: string;
  readonly severity: string;
  readonly finding: string;
}

/** Mozilla's profile leaves the order of suites that are all good to the client, who knows which of them its processor is quick at. */
const asMozillaWants = 'cipher_order';
/** What a certificate for a day that nobody trusts cannot pass: all of them are about the certificate, none about the edge. */
const ofThrowAway =
  /^(cert|DNS_CAArecord|OCSP|grade_cap_reason|overall_grade|final_score|service|TLS_timestamp|clientsimulation|scanTime|scanProblem)/;

export const testssl: EdgeCheck = {
  name: 'testssl.sh: nothing above LOW but what is the throw-away certificate’s',
  async run({ nginx }) {
    const file = path.join(nginx.dir, 'testssl.json');
    const args = [
      '--quiet',
      '--color',
      '0',
      '--warnings',
      'off',
      '--ip',
      '127.0.0.1',
      '--jsonfile',
      file,
      `localhost:${nginx.ports.https}`,
    ];
    // Its exit status counts findings of every kind.
    await run('testssl', args, { maxBuffer: 16_000_000 }).catch(() => undefined);
    const findings = JSON.parse(readFileSync(file, 'utf8')) as readonly TestsslFinding[];
    const bad = findings.filter(
      ({ id, severity }) =>
        ['MEDIUM', 'HIGH', 'CRITICAL', 'FATAL'].includes(severity) && !ofThrowAway.test(id) && id !== asMozillaWants,
    );
    const told = bad.map(({ id, severity, finding }) => `${severity} ${id}: ${finding}`);
    return {
      isGood: findings.length > 100 && bad.length === 0,
      seen: `${findings.length} findings, ${bad.length} to look at${told.length > 0 ? `: ${told.join('; ')}` : ''}`,
    };
  },
};

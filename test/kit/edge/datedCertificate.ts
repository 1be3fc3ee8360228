import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';

const dayMs = 86_400_000;

/** A certificate of its own authority that began and ends so many days from now. `openssl ca` alone takes dates, before 3.4. */
export function makeDatedCertificate(dir: string, days: { readonly begins: number; readonly ends: number }): string {
  const folder = path.join(dir, `from${days.begins}to${days.ends}`);
  mkdirSync(folder);
  const file = (name: string): string => path.join(folder, name);
  const openssl = (...args: readonly string[]): void => {
    execFileSync('openssl', args, { cwd: folder, stdio: ['ignore', 'ignore', 'pipe'] });
  };
  writeFileSync(file('index.txt'), '');
  writeFileSync(file('serial'), '01\n');
  writeFileSync(
    file('ca.cnf'),
    '[ca]\ndefault_ca=own\n[own]\ndatabase=index.txt\nserial=serial\nnew_certs_dir=.\npolicy=any\ndefault_md=sha256\n[any]\ncommonName=supplied\n',
  );
  openssl(
    'req',
    '-new',
    '-newkey',
    'ec',
    '-pkeyopt',
    'ec_paramgen_curve:P-256',
    '-nodes',
    '-keyout',
    'key.pem',
    '-subj',
    '/CN=localhost',
    '-out',
    'request.pem',
  );
  const dates = ['-startdate', dateOf(days.begins), '-enddate', dateOf(days.ends)];
  openssl(
    'ca',
    '-batch',
    '-selfsign',
    '-config',
    'ca.cnf',
    '-keyfile',
    'key.pem',
    '-in',
    'request.pem',
    ...dates,
    '-notext',
    '-out',
    'certificate.pem',
  );
  return file('certificate.pem');
}

/** As openssl writes it: 20261123100000Z. */
function dateOf(daysFromNow: number): string {
  const [day = '', time = ''] = new Date(Date.now() + daysFromNow * dayMs).toISOString().split('T');
  return `${day.replaceAll('-', '')}${time.slice(0, 8).replaceAll(':', '')}Z`;
}

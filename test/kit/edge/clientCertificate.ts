import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

export interface ClientCertificate {
  /** The file of the authority that made it. */
  readonly authority: string;
  /** In PEM. */
  readonly cert: string;
  readonly key: string;
}

/** A certificate of a client, made by an authority of its own, in a folder below dir. */
export function makeClientCertificate(dir: string, name: string): ClientCertificate {
  const folder = path.join(dir, name);
  mkdirSync(folder);
  const request = (subject: string, file: string, ...more: readonly string[]): void => {
    const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', `${file}.key`];
    const args = ['req', '-x509', ...key, '-days', '1', '-subj', `/CN=${subject}`, '-out', `${file}.pem`, ...more];
    execFileSync('openssl', args, { cwd: folder, stdio: ['ignore', 'ignore', 'pipe'] });
  };
  request(`authority of ${name}`, 'authority');
  request(name, 'client', '-CA', 'authority.pem', '-CAkey', 'authority.key');
  const read = (file: string): string => readFileSync(path.join(folder, file), 'utf8');
  return { authority: path.join(folder, 'authority.pem'), cert: read('client.pem'), key: read('client.key') };
}

import { execFileSync } from 'node:child_process';
import path from 'node:path';

export interface CertificateFiles {
  readonly certificate: string;
  readonly key: string;
}

/** What the key of a certificate is made of: it decides which suites of TLS 1.2 there are. */
export type KeyKind = 'ECDSA' | 'RSA';

const newKeys: Readonly<Record<KeyKind, readonly string[]>> = {
  ECDSA: ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256'],
  RSA: ['-newkey', 'rsa:2048'],
};

/** A certificate for localhost that nobody has to trust, good for a day; what was in its files is overwritten. */
export function makeThrowAwayCertificate(dir: string, kind: KeyKind = 'ECDSA'): CertificateFiles {
  const files = { certificate: path.join(dir, 'certificate.pem'), key: path.join(dir, 'key.pem') };
  const newKey = [...newKeys[kind], '-nodes', '-keyout', files.key];
  const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1,IP:::1'];
  execFileSync('openssl', ['req', '-x509', ...newKey, '-days', '1', ...subject, '-out', files.certificate], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  return files;
}

import { createSecretKey, randomBytes, type KeyObject } from 'node:crypto';
import path from 'node:path';
import type { Secret } from '../domain/secret';
import { IdentityError } from './identityError';
import { keepPrivateFile, readPrivateFile } from './privateFile';

const fileName = 'audit-key';
const keyBytes = 32;
/** EX_CONFIG of sysexits.h: the settings lack it. */
const configExitStatus = 78;

/**
 * The key of the audit chain: that of the configuration, else the one kept in the data folder, else, where `mayGenerate`, a new one kept
 * there (0600). Throws IdentityError where there is none or it is not fit. A KeyObject shows none of its bytes, in a log or elsewhere.
 */
export function openAuditKey(options: {
  /** 32 bytes in base64. */
  readonly key: Secret | null;
  readonly dataDir: string;
  readonly mayGenerate: boolean;
  readonly onProgress: (message: string) => void;
}): KeyObject {
  const { key, dataDir, mayGenerate, onProgress } = options;
  if (key !== null) return toKeyObject('AUDIT_KEY', key.reveal());
  const file = path.join(dataDir, fileName);
  const kept = readPrivateFile(file);
  if (kept !== null) return toKeyObject(file, kept);
  if (!mayGenerate)
    throw new IdentityError(
      `There is no key of the audit log in ${dataDir}: set AUDIT_KEY to that of the server, or start the server once.`,
      { exitStatus: configExitStatus },
    );
  onProgress('making the key of the audit log');
  return toKeyObject(file, keepPrivateFile(file, `${randomBytes(keyBytes).toString('base64')}\n`));
}

function toKeyObject(place: string, text: string): KeyObject {
  const bytes = Buffer.from(text, 'base64');
  try {
    if (bytes.length !== keyBytes)
      throw new IdentityError(`${place} must hold ${keyBytes} bytes in base64.`, { exitStatus: configExitStatus });
    return createSecretKey(bytes);
  } finally {
    bytes.fill(0);
  }
}

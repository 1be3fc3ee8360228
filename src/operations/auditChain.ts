import { createHmac, createPrivateKey, createPublicKey, hkdfSync, sign, verify, type KeyObject } from 'node:crypto';
import type { AuditRecord, ChainHead } from '../storage/audit/auditRecords';

/** What a key is used for stands in what it is used on, so that nothing made for one purpose passes for another. */
const genesisText = 'tickgate/audit/v1/genesis';
const checkpointText = 'tickgate/audit/v1/checkpoint';
const signingKeyInfo = 'tickgate/audit/v1/checkpoint-signing-key';

/** RFC 8410: what stands before the 32 bytes of an Ed25519 key in PKCS #8. */
const ed25519Prefix = Buffer.from('302e020100300506032b657004220420', 'hex');

/** The chain's arithmetic under one AUDIT_KEY. docs/AUDIT.md describes it for whoever wants to verify without this code. */
export class AuditChain {
  /** What stands in the place of a previous hash before the first entry: a log that begins otherwise was begun with another key. */
  readonly genesis: string;
  readonly #signingKey: KeyObject;
  readonly #publicKey: KeyObject;

  /** key: 32 bytes. */
  constructor(private readonly key: KeyObject) {
    this.genesis = createHmac('sha256', key).update(genesisText).digest('hex');
    const seed = Buffer.from(hkdfSync('sha256', key, Buffer.alloc(0), signingKeyInfo, 32));
    const der = Buffer.concat([ed25519Prefix, seed]);
    this.#signingKey = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
    this.#publicKey = createPublicKey(this.#signingKey);
    seed.fill(0);
    der.fill(0);
  }

  /** HMAC-SHA256 over the previous hash and the canonical entry, in hex. */
  hashOf(prevHash: string, seq: number, record: AuditRecord): string {
    return createHmac('sha256', this.key)
      .update(Buffer.from(prevHash, 'hex'))
      .update(canonicalEntry(seq, record))
      .digest('hex');
  }

  /** Ed25519, base64url. at: ISO-8601. */
  signCheckpoint(head: ChainHead, at: string): string {
    return sign(null, checkpointBytes(head, at), this.#signingKey).toString('base64url');
  }

  isCheckpointOurs(head: ChainHead, at: string, signature: string): boolean {
    return verify(null, checkpointBytes(head, at), this.#publicKey, Buffer.from(signature, 'base64url'));
  }

  /** For whoever checks checkpoints without AUDIT_KEY. */
  get checkpointPublicKey(): string {
    return this.#publicKey.export({ type: 'spki', format: 'pem' }).toString();
  }
}

/** A JSON array without blanks, as RFC 8785 would write it: texts and nulls, each in its place. */
export function canonicalEntry(seq: number, record: AuditRecord): string {
  const { atUs, actor, action, target, outcome, ip, userAgent, before, after } = record;
  return JSON.stringify([String(seq), atUs, actor, action, target, outcome, ip, userAgent, before, after]);
}

function checkpointBytes({ seq, hash }: ChainHead, at: string): Buffer {
  return Buffer.from([checkpointText, String(seq), hash, at].join('\n'));
}

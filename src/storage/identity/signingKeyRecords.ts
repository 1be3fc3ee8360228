import type { SealedRecord } from '../../domain/sealedRecord';
import type { RunQuery } from '../userStanding';

/** What tokens are signed with: RSA (3072 bits and more) with SHA-256, or ECDSA on P-256 with SHA-256. */
export const signingAlgorithms = ['RS256', 'ES256'] as const;
export type SigningAlgorithm = (typeof signingAlgorithms)[number];

/** `pending`: published, and signs next. `active`: the one that signs. `retiring`: its tokens are still good. Then it is `retired`, and its private half gone. */
export type LiveKeyState = 'pending' | 'active' | 'retiring';

/** A key as it is stored. */
export interface StoredSigningKey {
  /** The thumbprint of the public half (RFC 7638). */
  readonly kid: string;
  readonly algorithm: SigningAlgorithm;
  /** The private half, which holds the public one: a row that somebody else wrote has none that opens. */
  readonly sealed: SealedRecord;
}

export interface LiveSigningKey extends StoredSigningKey {
  readonly state: LiveKeyState;
  /** For how long it has been in this state, by the clock of the database. */
  readonly stateAgeMs: number;
}

/** The keys that are not retired, as of one moment. */
export interface RingReading {
  readonly keys: readonly LiveSigningKey[];
  /** How many keys have ended before their time: it grows with every emergency. */
  readonly revokedCount: number;
}

type Row = Readonly<Record<string, unknown>>;

/** Empty before the first start. */
export async function readRing(run: RunQuery): Promise<RingReading> {
  const text = `
    SELECT kid, algorithm, state, key_id, wrapped_key, nonce, ciphertext,
      1000 * extract(epoch FROM clock_timestamp() - coalesce(retiring_at, activated_at, created_at))::float8 AS age_ms,
      (SELECT count(*) FROM signing_keys WHERE revoked)::int AS revoked_count
    FROM signing_keys WHERE state <> 'retired' ORDER BY created_at`;
  const rows = (await run(text, [])) as readonly Row[];
  return { keys: rows.map(readKey), revokedCount: (rows[0]?.['revoked_count'] ?? 0) as number };
}

function readKey(row: Row): LiveSigningKey {
  return {
    kid: row['kid'] as string,
    algorithm: row['algorithm'] as SigningAlgorithm,
    sealed: {
      keyId: row['key_id'] as string,
      wrappedKey: row['wrapped_key'] as Buffer,
      nonce: row['nonce'] as Buffer,
      ciphertext: row['ciphertext'] as Buffer,
    },
    state: row['state'] as LiveKeyState,
    stateAgeMs: row['age_ms'] as number,
  };
}

import { createPublicKey, randomUUID } from 'node:crypto';
import { statSync } from 'node:fs';
import type { Config } from './config/config';
import { findProjectDir } from './config/processConfig';
import type { PublicJwk } from './identity/signing/signingKey';
import { Doctor } from './operations/doctor/doctor';
import { FactUnseen } from './operations/doctor/factUnseen';
import { machineId } from './operations/doctor/machine';
import { viewFromOutside } from './operations/doctor/outsideView';
import type { SigningKeyFacts } from './operations/doctor/securityFacts';
import { dayOf, readCalendar } from './operations/securityCalendar';
import type { AccessReview } from './security/accessReview';
import { isOriginAllowed } from './security/originPolicy';
import type { Reservations } from './security/reservations';
import type { SecretAges } from './secrets/secretAges';
import type { SecurityHeaders } from './server/securityHeaders';
import type { AccessRecords } from './storage/identity/accessRecords';

export interface DoctorParts {
  readonly config: Config;
  readonly secretAges: Pick<SecretAges, 'read'>;
  readonly headers: SecurityHeaders;
  readonly access: Pick<AccessReview, 'matrix'>;
  readonly accessRecords: Pick<AccessRecords, 'signingKeys' | 'connection'>;
  readonly signingKeys: { publicJwks(): { readonly keys: readonly PublicJwk[] } };
  readonly reservations: Reservations;
  readonly clock: () => number;
}

const tried = { asked: 20, max: 5 } as const;

/** What this server is asked about itself: nothing of it is a copy, each fact is taken from where it is decided. */
export function startDoctor(parts: DoctorParts): Doctor {
  const { config, headers, access, accessRecords, reservations, clock } = parts;
  const { corsOrigins, publicUrl } = config.http;
  return new Doctor({
    mode: config.mode,
    machine: machineId(),
    userId: process.getuid?.() ?? null,
    // A rotation puts other files there while the server runs.
    secrets: () =>
      config.secretPlaces.map(({ name, place, file }) => ({
        name,
        place,
        fileMode: file === null ? null : modeOf(name, file),
      })),
    secretAges: () => parts.secretAges.read(),
    corsOrigins,
    letsIn: (origin) => isOriginAllowed({ origin, host: undefined, isEncrypted: true }, corsOrigins),
    headers,
    openFields: access
      .matrix('ANONYMOUS')
      .filter(({ decision }) => decision === 'ALLOW')
      .map(({ type, field }) => `${type}.${field}`),
    signingKey: () => activeKey(parts),
    tryLimit: async () => {
      const { asked, max } = tried;
      const key = `securityCheck|${randomUUID()}`;
      const take = (): Promise<readonly number[]> => reservations.take(key, { max, windowMs: 1_000 }, 'users');
      const taken = await Promise.all(Array.from({ length: asked }, take));
      return { asked, max, passed: taken.filter((counted) => counted.length < max).length };
    },
    database: () => accessRecords.connection(),
    outside: () => (publicUrl === null ? Promise.resolve(null) : viewFromOutside(publicUrl)),
    records: (line) => {
      const today = dayOf(new Date(clock()));
      return readCalendar(findProjectDir(), today).filter(({ entry }) => entry.lines.includes(line));
    },
  });
}

function modeOf(secret: string, file: string): number {
  try {
    return statSync(file).mode & 0o777;
  } catch (error) {
    const { code = 'no reason given' } = error as NodeJS.ErrnoException;
    const what = code === 'ENOENT' ? 'is gone' : `cannot be looked at (${code})`;
    throw new FactUnseen(
      `the file of ${secret} ${what}, and the server goes on with what it read of it before: put it back where ${secret}_FILE says, and look again`,
    );
  }
}

/** The public half tells how strong it is. */
async function activeKey({ config, accessRecords, signingKeys }: DoctorParts): Promise<SigningKeyFacts | null> {
  const active = (await accessRecords.signingKeys()).find(({ state }) => state === 'active');
  const jwk = signingKeys.publicJwks().keys.find(({ kid }) => kid === active?.kid);
  if (active === undefined || jwk === undefined) return null;
  const { asymmetricKeyType: type, asymmetricKeyDetails: details } = createPublicKey({ key: jwk, format: 'jwk' });
  return {
    kid: active.kid,
    algorithm: type === 'rsa' ? 'RS256' : 'ES256',
    bits: details?.modulusLength ?? (details?.namedCurve === 'prime256v1' ? 256 : 0),
    ageDays: active.stateDays,
    maxAgeDays: config.tokens.keyDays,
  };
}

import { randomBytes, randomUUID } from 'node:crypto';
import { ScureBase32Plugin } from 'otplib';
import { Secret } from '../../src/domain/secret';
import type { AppError } from '../../src/errors/appError';
import { newChallenge } from '../../src/identity/mfa/challenge';
import { hashOfRecoveryCode } from '../../src/identity/mfa/recoveryCodes';
import { SecondFactors } from '../../src/identity/mfa/secondFactors';
import { SecretsResealing } from '../../src/identity/mfa/secretsResealing';
import type { Principal } from '../../src/identity/principal';
import { KeyEncryptionKeys } from '../../src/identity/sealing/keyEncryptionKeys';
import { TotpVault } from '../../src/identity/sealing/totpVault';
import { LoginThrottle } from '../../src/security/loginThrottle';
import { MemoryReservations } from '../../src/security/reservations';
import { createLogger } from '../../src/telemetry/logger';
import { FactorHouse, stepMs, type Factors, type Person } from '../kit/factorHouse';
import { VaultStandIn } from '../kit/secretManagers/vaultStandIn';
import { vaultedKey } from './sealing/vaultedKey';

let house: FactorHouse;

beforeAll(async () => {
  house = await FactorHouse.open();
}, 60_000);

afterAll(() => house.stop());

/** A user with a second factor; the code of this moment is unused. */
async function enrolled(): Promise<Person & Factors> {
  const person = await house.addUser('TRADER');
  const factors = await house.enroll((await house.login(person)).accessToken);
  house.advance(stepMs);
  return { ...person, ...factors };
}

const given = { accessToken: expect.any(String) as string, refreshToken: expect.any(String) as string };

it('enrols: a QR code, a first code, ten recovery codes; from then on a password alone gives no token', async () => {
  const person = await house.addUser('VIEWER');
  const { accessToken } = await house.login(person);
  const other = await house.login(person);
  const enrollment = await house.auth<{ otpauthUri: string; qrCodeSvg: string }>(
    'enrollMfa { otpauthUri qrCodeSvg }',
    accessToken,
  );
  expect(enrollment).toEqual({
    otpauthUri: expect.stringMatching(/^otpauth:\/\/totp\/Tickgate:.+\?secret=[A-Z2-7]{32}&issuer=Tickgate$/) as string,
    qrCodeSvg: expect.stringMatching(/^<svg .*<\/svg>\s*$/s) as string,
  });
  // Not before it is confirmed: who never scanned the code must not be kept out.
  expect(await house.login(person)).toMatchObject(given);
  const secret = new URL((enrollment as { otpauthUri: string }).otpauthUri).searchParams.get('secret')!;
  expect(await house.auth('confirmMfa(code: "000000")', accessToken)).toBe('MFA_FAILED');
  const codes = await house.auth<string[]>(`confirmMfa(code: "${house.codeOf(secret)}")`, accessToken);
  expect(new Set(codes).size).toBe(10);
  for (const code of codes) expect(code).toMatch(/^([0-9A-HJKMNP-TV-Z]{5}-){4}[0-9A-HJKMNP-TV-Z]{5}$/);

  expect(await house.login(person)).toEqual({
    accessToken: null,
    refreshToken: null,
    mfaChallenge: expect.stringMatching(/^tgm_[\w-]{43}$/) as string,
  });
  // The session that enrolled goes on; what was opened on a password alone has ended.
  expect(await house.ask('{ sessions { current } }', accessToken)).toEqual({ sessions: [{ current: true }] });
  expect(await house.ask('{ sessions { current } }', other.accessToken)).toBe('UNAUTHENTICATED');
});

describe('a challenge', () => {
  it('gives tokens for a code, once', async () => {
    const { secret, ...person } = await enrolled();
    const { mfaChallenge } = await house.login(person);
    expect(await house.verify(mfaChallenge, house.codeOf(secret))).toEqual(given);
    house.advance(stepMs);
    expect(await house.verify(mfaChallenge, house.codeOf(secret))).toBe('MFA_FAILED');
  });

  it('outlives a wrong code, and ends after five minutes', async () => {
    const { secret, ...person } = await enrolled();
    const { mfaChallenge } = await house.login(person);
    expect(await house.verify(mfaChallenge, '000000')).toBe('MFA_FAILED');
    house.advance(4 * 60_000 + 59_000);
    expect(await house.verify(mfaChallenge, house.codeOf(secret))).toEqual(given);
    const late = (await house.login(person)).mfaChallenge;
    house.advance(5 * 60_000);
    expect(await house.verify(late, house.codeOf(secret))).toBe('MFA_FAILED');
  });

  it('is void once the password is another', async () => {
    const { secret, ...person } = await enrolled();
    const { mfaChallenge } = await house.login(person);
    const second = (await house.login(person)).mfaChallenge;
    const { accessToken } = (await house.verify(second, house.codeOf(secret))) as { accessToken: string };
    const next = 'my horse reads Goethe at noon';
    expect(await house.auth(`changePassword(current: "${person.password}", next: "${next}")`, accessToken)).toBe(true);
    house.advance(stepMs);
    expect(await house.verify(mfaChallenge, house.codeOf(secret))).toBe('MFA_FAILED');
  });

  it('is void where all sessions were ended between the password and it', async () => {
    const { secret, ...person } = await enrolled();
    const { storage } = house.database;
    const generation = (await storage.sessions.generationOf(person.id)) ?? 0;
    const everything = { sessions: true, apiKeys: false, oneTimeTokens: false };
    await storage.revocations.revoke({ userId: person.id, ...everything, actor: 'operator', at: 0 });
    const { text, hash } = newChallenge();
    const [at, expiresAt] = [Date.now(), Date.now() + 86_400_000];
    await storage.secondFactors.saveChallenge({ hash, userId: person.id, generation, expiresAt, at, ip: null });
    expect(await house.verify(text, house.codeOf(secret))).toBe('MFA_FAILED');
  });

  it.each(['', 'tgm_', `tgm_${'A'.repeat(43)}`, randomUUID()])('is none: %j', async (text) => {
    expect(await house.verify(text, '123456')).toBe('MFA_FAILED');
  });
});

describe('a code', () => {
  it('that was used is refused the second time, in a sign-in as in a step-up', async () => {
    const { secret, ...person } = await enrolled();
    const [first, second] = [await house.login(person), await house.login(person)];
    const code = house.codeOf(secret);
    const tokens = (await house.verify(first.mfaChallenge, code)) as { accessToken: string };
    expect(await house.verify(second.mfaChallenge, code)).toBe('MFA_FAILED');
    expect(await house.stepUp(code, tokens.accessToken)).toBe('MFA_FAILED');
  });

  it('of the enrolment is used up by it', async () => {
    const person = await house.addUser('TRADER');
    const { accessToken } = await house.login(person);
    const { secret } = await house.enroll(accessToken);
    expect(await house.stepUp(house.codeOf(secret), accessToken)).toBe('MFA_FAILED');
    house.advance(stepMs);
    expect(await house.stepUp(house.codeOf(secret), accessToken)).toEqual({
      accessToken: expect.any(String) as string,
    });
  });

  it.each([-2, -1, 1, 2])('of another time step (%i) is refused', async (steps) => {
    const { secret, ...person } = await enrolled();
    const { mfaChallenge } = await house.login(person);
    expect(await house.verify(mfaChallenge, house.codeOf(secret, steps))).toBe('MFA_FAILED');
    expect(await house.verify(mfaChallenge, house.codeOf(secret))).toEqual(given);
  });

  it.each(['TOTP', 'RECOVERY_CODE'])('(%s) that is sent twenty times at once lets one in', async (kind) => {
    const { secret, recoveryCodes, ...person } = await enrolled();
    const code = kind === 'TOTP' ? house.codeOf(secret) : recoveryCodes[0]!;
    const { mfaChallenge } = await house.login(person);
    const answers = await Promise.all(Array.from({ length: 20 }, () => house.verify(mfaChallenge, code)));
    expect(answers.filter((answer) => typeof answer !== 'string')).toEqual([given]);
  });

  it.each(['TOTP', 'RECOVERY_CODE'] as const)(
    '(%s) is used up by one of twenty, whoever lets them try',
    async (kind) => {
      const { id, recoveryCodes } = await enrolled();
      const proof =
        kind === 'TOTP'
          ? { kind, step: Math.floor(house.clock() / stepMs) }
          : { kind, hash: hashOfRecoveryCode(id, recoveryCodes[0]!) };
      const proving = { userId: id, proof, action: 'mfa.stepUp', target: id, at: house.clock(), actor: id, ip: null };
      const store = house.database.storage.secondFactors;
      const answers = await Promise.all(Array.from({ length: 20 }, () => store.prove(proving)));
      expect(answers.filter(Boolean)).toEqual([true]);
    },
  );

  it('is tried ten times an hour, right ones too, whichever way it is sent', async () => {
    const { secret, tokens, ...person } = await house.comeVerified('TRADER');
    // Two were the enrolment's and the sign-in's.
    const { mfaChallenge } = await house.login(person);
    const tries = await Promise.all([
      ...Array.from({ length: 10 }, () => house.stepUp('000000', tokens.accessToken)),
      ...Array.from({ length: 10 }, () => house.verify(mfaChallenge, '000000')),
    ]);
    expect(tries.filter((code) => code === 'MFA_FAILED')).toHaveLength(8);
    expect(tries.filter((code) => code === 'RATE_LIMITED')).toHaveLength(12);
    expect(await house.verify(mfaChallenge, house.codeOf(secret))).toBe('RATE_LIMITED');
    house.advance(60 * 60_000);
    expect(await house.verify((await house.login(person)).mfaChallenge, house.codeOf(secret))).toEqual(given);
  });
});

it('counts no try of a code while nobody can tell whether it is right', async () => {
  const standIn = new VaultStandIn();
  const [{ id }] = await Promise.all([enrolled(), standIn.start()]);
  try {
    standIn.transit.rotate('codes');
    const ofVault = vaultedKey(standIn, 'codes');
    const { secondFactors: store, users, auditEntries, signInAddresses: addresses } = house.database.storage;
    const sealed = (await store.findSecret(id, true))!;
    const moving = new TotpVault(new KeyEncryptionKeys([ofVault, house.sealingKey]));
    await store.reseal({ userId: id, sealed }, (await moving.reseal(id, sealed))!);
    const { clock } = house;
    const reservations = new MemoryReservations({ clock, maxIdentities: 100 });
    const unused = (): never => {
      throw new Error('nobody is let in here');
    };
    const factors = new SecondFactors({
      ...{ store, users, clock, audit: (entry) => auditEntries.write(entry) },
      vault: new TotpVault(new KeyEncryptionKeys([ofVault])),
      throttle: new LoginThrottle({ reservations, addresses, clock }),
      sessions: { begin: unused, verify: unused },
      authority: { change: unused },
    });
    const principal: Principal = {
      ...{ userId: id, roles: ['TRADER'], tokenId: randomUUID(), credential: { kind: 'session', id: randomUUID() } },
      ...{ scopes: null, verifiedAt: null, issuedAt: clock(), expiresAt: clock() + 600_000 },
    };
    const codeOfTry = (): Promise<unknown> =>
      factors
        .stepUp(principal, '000000', { ip: null, userAgent: null })
        .catch((error: unknown) => (error as AppError).code);
    standIn.brokenWith = 503;
    for (let tries = 0; tries < 12; tries += 1) expect(await codeOfTry()).toBe('SEALING_UNAVAILABLE');
    standIn.brokenWith = null;
    for (let tries = 0; tries < 10; tries += 1) expect(await codeOfTry()).toBe('MFA_FAILED');
    expect(await codeOfTry()).toBe('RATE_LIMITED');
  } finally {
    await standIn.stop();
    await house.rows('DELETE FROM totp_secrets WHERE user_id = $1', [id]);
  }
});

describe('a recovery code', () => {
  it('is good once, in any writing, for its owner alone', async () => {
    const [ada, bob] = [await enrolled(), await enrolled()];
    const [code, another] = ada.recoveryCodes;
    expect(await house.verify((await house.login(bob)).mfaChallenge, code!)).toBe('MFA_FAILED');
    const written = code!.toLowerCase().replaceAll('-', ' ');
    expect(await house.verify((await house.login(ada)).mfaChallenge, written)).toEqual(given);
    expect(await house.verify((await house.login(ada)).mfaChallenge, code!)).toBe('MFA_FAILED');
    expect(await house.verify((await house.login(ada)).mfaChallenge, another!)).toEqual(given);
  });
});

it('enrols another authenticator for whoever has just proven the one they have; the old one and its recovery codes are void', async () => {
  const { secret, recoveryCodes, tokens, ...person } = await house.comeVerified('TRADER');
  house.advance(5 * 60_000);
  expect(await house.auth('enrollMfa { otpauthUri }', tokens.accessToken)).toBe('STEP_UP_REQUIRED');
  const { accessToken } = (await house.stepUp(house.codeOf(secret), tokens.accessToken)) as { accessToken: string };
  const next = await house.enroll(accessToken);
  house.advance(stepMs);
  const { mfaChallenge } = await house.login(person);
  expect(await house.verify(mfaChallenge, house.codeOf(secret))).toBe('MFA_FAILED');
  expect(await house.verify(mfaChallenge, recoveryCodes[0]!)).toBe('MFA_FAILED');
  expect(await house.verify(mfaChallenge, house.codeOf(next.secret))).toEqual(given);
});

it('keeps nothing in the database that a code could be made of', async () => {
  const person = await enrolled();
  const { secret, recoveryCodes, id } = person;
  const { mfaChallenge } = await house.login(person);
  const tables = ['totp_secrets', 'recovery_codes', 'login_challenges'];
  const stored = await Promise.all(
    tables.map((table) => house.rows(`SELECT to_jsonb(t)::text AS row FROM ${table} t WHERE user_id = $1`, [id])),
  );
  expect(stored.map((rows) => rows.length)).toEqual([1, 10, 1]);
  const text = JSON.stringify(stored).toLowerCase();
  const bytes = [secret, mfaChallenge!, ...recoveryCodes].flatMap((plain) => [
    Buffer.from(plain),
    Buffer.from(plain.replaceAll('-', '')),
  ]);
  for (const plain of [
    ...bytes,
    Buffer.from(new ScureBase32Plugin().decode(secret)),
    Buffer.from(mfaChallenge!.slice(4), 'base64url'),
  ]) {
    expect(text).not.toContain(plain.toString('hex'));
    expect(text).not.toContain(plain.toString('latin1').toLowerCase());
  }
});

it('brings secrets under the newest key, and leaves those alone that do not open', async () => {
  const person = await enrolled();
  const lost = await enrolled();
  await house.rows('UPDATE totp_secrets SET wrapped_key = decode(repeat($2, 60), $3) WHERE user_id = $1', [
    lost.id,
    '00',
    'hex',
  ]);
  const newest = { id: 'second', key: new Secret(randomBytes(32).toString('base64')) };
  const vault = new TotpVault(new KeyEncryptionKeys([newest, house.sealingKey]));
  const store = house.database.storage.secondFactors;
  await new SecretsResealing({ store, vault, logger: createLogger('silent') }).goOn();
  expect(await house.rows('SELECT DISTINCT key_id FROM totp_secrets WHERE user_id <> $1', [lost.id])).toEqual([
    { key_id: 'second' },
  ]);
  expect(await vault.open(person.id, (await store.findSecret(person.id, true))!)).toBe(person.secret);
  expect((await store.countByKey()).get('first')).toBe(1);
});

it('leaves an entry of every step in the audit log, without a code', async () => {
  const { tokens, secret, recoveryCodes, id, ...person } = await house.comeVerified('TRADER');
  await house.stepUp('000000', tokens.accessToken);
  await house.stepUp(recoveryCodes[0]!, tokens.accessToken);
  await house.verify((await house.login({ id, ...person })).mfaChallenge, '000000');
  const entries = await house.rows<{ actor: string; entry: string; ip: string }>(
    `SELECT actor, action || ' ' || outcome AS entry, ip FROM audit_entries
      WHERE $1 IN (actor, target) AND action <> 'session.begin' ORDER BY number`,
    [id],
  );
  expect(entries.map(({ actor, entry }) => `${actor === id ? 'they' : actor}: ${entry}`)).toEqual([
    'they: mfa.enroll begun',
    'they: mfa.confirm enabled',
    'they: login challenged',
    'they: mfa.verify TOTP',
    'they: mfa.stepUp refused: MFA_FAILED',
    'they: mfa.stepUp RECOVERY_CODE',
    'they: login challenged',
    'anonymous: mfa.verify refused: MFA_FAILED',
  ]);
  expect(new Set(entries.map(({ ip }) => ip))).toEqual(new Set(['127.0.0.1']));
  expect(JSON.stringify(entries)).not.toContain(house.codeOf(secret));
});

describe('a password', () => {
  it.each([
    ['has eight characters at least, beside a second factor', true, true],
    ['has fifteen, alone', false, 'PASSWORD_NOT_ACCEPTABLE'],
  ] as const)('%s', async (_, withMfa, expected) => {
    const person = await house.addUser('VIEWER');
    const { accessToken } = await house.login(person);
    if (withMfa) await house.enroll(accessToken);
    const change = (next: string) =>
      house.auth(`changePassword(current: "${person.password}", next: "${next}")`, accessToken);
    expect(await change('vK7-xq2')).toBe('PASSWORD_NOT_ACCEPTABLE');
    expect(await change('password')).toBe('PASSWORD_NOT_ACCEPTABLE');
    expect(await change('vK7-xq2+')).toBe(expected);
  });
});

import { createHmac, createPublicKey, sign, type KeyObject } from 'node:crypto';
import { AccessTokens } from '../../src/identity/accessTokens';
import { KeyRingError } from '../../src/identity/signing/keyRingError';
import { SigningKey } from '../../src/identity/signing/signingKey';
import { soleKey } from '../../src/identity/signing/soleKey';
import { ecPem, rsaKey } from '../kit/keyPairs';

const nowMs = Date.UTC(2026, 0, 1);
const userId = 'f7f8fe2c-cb8b-42bf-8ba8-bdf4b075983d';
const signingKey = makeKey();
const ellipticKey = SigningKey.fromPem(ecPem('P-256'));
const goodHeader = { alg: 'RS256', typ: 'at+jwt', kid: signingKey.kid };
const goodClaims = {
  iss: 'tickgate',
  aud: 'tickgate-api',
  sub: userId,
  jti: 'token-1',
  sid: 'session-1',
  iat: nowMs / 1000,
  exp: nowMs / 1000 + 600,
  roles: ['TRADER'],
};

function makeKey(): SigningKey {
  return new SigningKey(rsaKey(3072));
}

function makeTokens(clock = (): number => nowMs, keys = soleKey(signingKey)): AccessTokens {
  const ids = ['token-1', 'session-1'];
  return new AccessTokens({
    keys,
    issuer: 'tickgate',
    audience: 'tickgate-api',
    ttlS: 600,
    clock,
    newId: () => ids.shift() ?? 'another',
  });
}

function encode(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}

/** Signs by hand: the library would refuse to write some of these. */
function forge(header: object, claims: object, key: KeyObject = signingKey.privateKey): string {
  const signed = `${encode(header)}.${encode(claims)}`;
  const signature = sign('sha256', Buffer.from(signed), { key, dsaEncoding: 'ieee-p1363' });
  return `${signed}.${signature.toString('base64url')}`;
}

function expectRefused(token: string, tokens = makeTokens()): void {
  let caught: unknown = null;
  try {
    tokens.verify(token);
  } catch (error) {
    caught = error;
  }
  expect(caught).toMatchObject({ code: 'UNAUTHENTICATED' });
}

it('reads back what it issued', () => {
  const tokens = makeTokens();
  const issued = tokens.issue({ userId, roles: ['TRADER', 'ANALYST'] });
  expect(issued.expiresAt).toBe(nowMs + 600_000);
  expect(tokens.verify(issued.accessToken)).toEqual({
    userId,
    roles: ['TRADER', 'ANALYST'],
    tokenId: 'token-1',
    credential: { kind: 'session', id: 'session-1' },
    scopes: null,
    verifiedAt: null,
    issuedAt: nowMs,
    expiresAt: nowMs + 600_000,
  });
});

it('goes on with the session that it is given', () => {
  const tokens = makeTokens();
  const { accessToken } = tokens.issue({ userId, roles: ['VIEWER'], sessionId: 'session-7' });
  expect(tokens.verify(accessToken).credential).toEqual({ kind: 'session', id: 'session-7' });
});

it('tells to the millisecond when a second factor was proven', () => {
  const tokens = makeTokens();
  const { accessToken } = tokens.issue({ userId, roles: ['ADMIN'], verifiedAt: nowMs - 1 });
  expect(tokens.verify(accessToken).verifiedAt).toBe(nowMs - 1);
});

it('tells to the millisecond when it was issued, and expires at a whole second', () => {
  const tokens = makeTokens(() => nowMs + 123);
  const issued = tokens.issue({ userId, roles: ['VIEWER'] });
  expect(issued.expiresAt).toBe(nowMs + 600_000);
  expect(tokens.verify(issued.accessToken)).toMatchObject({ issuedAt: nowMs + 123, expiresAt: nowMs + 600_000 });
});

it('writes the header that it demands', () => {
  const { accessToken } = makeTokens().issue({ userId, roles: ['VIEWER'] });
  const [header = ''] = accessToken.split('.');
  expect(JSON.parse(Buffer.from(header, 'base64url').toString())).toEqual(goodHeader);
});

it('takes a token made by hand that is right in everything', () => {
  expect(makeTokens().verify(forge(goodHeader, goodClaims)).userId).toBe(userId);
});

describe('a key on P-256', () => {
  const tokens = makeTokens(() => nowMs, soleKey(ellipticKey));
  const header = { alg: 'ES256', typ: 'at+jwt', kid: ellipticKey.kid };

  it('signs and checks with ES256', () => {
    const { accessToken } = tokens.issue({ userId, roles: ['VIEWER'] });
    const [written = ''] = accessToken.split('.');
    expect(JSON.parse(Buffer.from(written, 'base64url').toString())).toEqual(header);
    expect(tokens.verify(accessToken).userId).toBe(userId);
    expect(tokens.verify(forge(header, goodClaims, ellipticKey.privateKey)).userId).toBe(userId);
  });

  it.each(['RS256', 'PS256', 'HS256', 'ES384', 'none'])('takes no header that says %s', (alg) => {
    expectRefused(forge({ ...header, alg }, goodClaims, ellipticKey.privateKey), tokens);
  });

  it('does not take the signature of another key under its name, nor the other way round', () => {
    expectRefused(forge({ ...header, alg: 'RS256' }, goodClaims), tokens);
    expectRefused(forge({ ...goodHeader, alg: 'ES256' }, goodClaims, ellipticKey.privateKey));
  });
});

it('says that it cannot tell, where it is not known which keys are good', () => {
  const unknown = (): never => {
    throw new KeyRingError('not read');
  };
  const tokens = makeTokens(() => nowMs, { signingKey: unknown, verificationKey: unknown });
  expect(() => tokens.issue({ userId, roles: ['VIEWER'] })).toThrow(KeyRingError);
  expect(() => tokens.verify(forge(goodHeader, goodClaims))).toThrow(KeyRingError);
});

describe('refuses', () => {
  it.each(['', 'x', 'a.b.c', '..', 'null', encode(goodHeader)])('what is no token: %j', (token) => {
    expectRefused(token);
  });

  it('a token without a signature, alg none', () => {
    expectRefused(`${encode({ ...goodHeader, alg: 'none' })}.${encode(goodClaims)}.`);
  });

  it.each(['none', 'None', 'RS512', 'PS256', 'ES256'])('another algorithm in the header: %s', (alg) => {
    expectRefused(forge({ ...goodHeader, alg }, goodClaims));
  });

  it('HS256 with the public key for its secret', () => {
    const secret = createPublicKey(signingKey.privateKey).export({ type: 'spki', format: 'pem' });
    const signed = `${encode({ ...goodHeader, alg: 'HS256' })}.${encode(goodClaims)}`;
    expectRefused(`${signed}.${createHmac('sha256', secret).update(signed).digest('base64url')}`);
  });

  it('another key under our key id', () => {
    expectRefused(forge(goodHeader, goodClaims, makeKey().privateKey));
  });

  it.each([undefined, '', 'another', 'constructor'])('our key under another key id: %j', (kid) => {
    expectRefused(forge({ ...goodHeader, kid }, goodClaims));
  });

  it.each([undefined, 'JWT', 'at+JWT', 'id+jwt', 'application/at+jwt'])('another type of token: %j', (typ) => {
    expectRefused(forge({ ...goodHeader, typ }, goodClaims));
  });

  it.each([
    ['jku', 'https://evil.example/keys'],
    ['jwk', signingKey.jwk],
    ['x5u', 'https://evil.example/cert'],
    ['x5c', ['MIIB']],
    ['crit', ['exp']],
  ])('a header that brings its own %s', (name, value) => {
    expectRefused(forge({ ...goodHeader, [name]: value }, goodClaims));
  });

  it.each([
    ['another issuer', { iss: 'someone' }],
    ['no issuer', { iss: undefined }],
    ['another audience', { aud: 'another-api' }],
    ['no audience', { aud: undefined }],
    ['no expiry', { exp: undefined }],
    ['an expiry that is no number', { exp: 'never' }],
    ['the second of its expiry', { exp: nowMs / 1000 }],
    ['a time before it is valid', { nbf: nowMs / 1000 + 60 }],
    ['no subject', { sub: undefined }],
    ['no id', { jti: undefined }],
    ['no session', { sid: undefined }],
    ['a session without a name', { sid: '' }],
    ['a session that is no text', { sid: 7 }],
    ['no time of issue', { iat: undefined }],
    ['an older age than tokens reach now, whatever its expiry', { iat: nowMs / 1000 - 600, exp: nowMs / 1000 + 600 }],
    ['a time of a second factor that is none', { mfa_time: 'now' }],
    ['no roles', { roles: undefined }],
    ['an empty list of roles', { roles: [] }],
    ['a role that nobody knows', { roles: ['TRADER', 'ROOT'] }],
    ['roles that are no list', { roles: 'ADMIN' }],
  ])('%s', (_, change) => {
    expectRefused(forge(goodHeader, { ...goodClaims, ...change }));
  });

  it('a token that was changed after it was signed', () => {
    const [header = '', , signature = ''] = forge(goodHeader, goodClaims).split('.');
    expectRefused(`${header}.${encode({ ...goodClaims, roles: ['ADMIN'] })}.${signature}`);
  });

  it('its own token once it has expired, by the clock it was given', () => {
    let time = nowMs;
    const tokens = makeTokens(() => time);
    const { accessToken, expiresAt } = tokens.issue({ userId, roles: ['VIEWER'] });
    time = expiresAt - 1;
    expect(tokens.verify(accessToken).userId).toBe(userId);
    time = expiresAt;
    expect(() => tokens.verify(accessToken)).toThrow(
      expect.objectContaining({
        code: 'UNAUTHENTICATED',
        publicMessage: expect.stringContaining('POST /auth/session') as string,
        extensions: { reason: 'TOKEN_EXPIRED' },
      }) as Error,
    );
  });
});

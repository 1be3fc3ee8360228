import { randomBytes, type KeyObject } from 'node:crypto';
import { existsSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { Pool } from 'pg';
import { issueDevelopmentToken } from '../../src/cli/issueDevelopmentToken';
import { AccessTokens, type IssuedToken } from '../../src/identity/accessTokens';
import { IdentityError } from '../../src/identity/identityError';
import { roles, type Role } from '../../src/identity/principal';
import { openSealingKeys } from '../../src/identity/sealing/openSealingKeys';
import { SigningKeyVault } from '../../src/identity/sealing/signingKeyVault';
import { beginKeyRing } from '../../src/identity/signing/beginKeyRing';
import { KeyRotation } from '../../src/identity/signing/keyRotation';
import { SigningKey } from '../../src/identity/signing/signingKey';
import { soleKey } from '../../src/identity/signing/soleKey';
import type { KeyRingTiming } from '../../src/startKeyRing';
import type { SigningAlgorithm } from '../../src/storage/identity/signingKeyRecords';
import type { SigningKeyStore } from '../../src/storage/identity/signingKeyStore';
import { openRunningStorage, type Storage } from '../../src/storage/storage';
import { Command } from '../kit/command';
import { eventually } from '../kit/eventually';
import { endPool } from '../kit/endPool';
import { rsaKey, rsaPem } from '../kit/keyPairs';
import { startTestDatabase, type TestDatabase } from '../kit/postgres';
import { RawSocket } from '../kit/rawSocket';
import { localKeysOf } from '../kit/signingKeys';
import { makeTemporaryDir } from '../kit/temporaryDir';
import { RunningTickgate } from '../kit/tickgate';

/** Nobody answers there: who may ask is decided before anyone is asked. */
const deadExchange = { restUrl: 'http://127.0.0.1:9', wsUrl: 'ws://127.0.0.1:9' };
const dayMs = 86_400_000;
const ownRoles = '{ me { roles } }';

/** The life of a token, and so what follows from it, in seconds instead of minutes. */
const tokenTtlS = 2;
const keyTiming: KeyRingTiming = {
  times: { publishMs: 400, retireMs: 2_600, graceMs: 300 },
  changes: { pollMs: 100, answerWithinMs: 2_000, firstRetryMs: 50, longestRetryMs: 200 },
};

const randomKey = (): string => randomBytes(32).toString('base64');
const [oldKey, newKey, lostKey, auditKey] = [
  `old:${randomKey()}`,
  `new:${randomKey()}`,
  `lost:${randomKey()}`,
  randomKey(),
];

let database: TestDatabase;
let nodes: RunningTickgate[] = [];
let store: SigningKeyStore;
let running: Storage;
/** Someone at the database by hand. */
let operator: Pool;

function settings(credentialKeys: string) {
  return {
    DATABASE_URL: database.url,
    CREDENTIAL_KEYS: credentialKeys,
    ACCESS_TOKEN_ALGORITHM: 'ES256',
    AUDIT_KEY: auditKey,
  };
}

const spreadMs = 500;

async function startNode(credentialKeys: string): Promise<RunningTickgate> {
  const environment = settings(credentialKeys);
  return RunningTickgate.start('simulator', deadExchange, { environment, tokenTtlS, keyTiming, spreadMs });
}

beforeAll(async () => {
  database = await startTestDatabase();
  operator = new Pool({ connectionString: database.url });
  nodes.push(await startNode(oldKey));
  nodes.push(await startNode(oldKey));
  running = await openRunningStorage({ databaseUrl: database.url, dataDir: '/nowhere' });
  store = running.signingKeys;
});

afterAll(async () => {
  for (const node of nodes) await node.stop();
  await running.stop();
  await endPool(operator);
  await database.stop();
});

function node(index: number): RunningTickgate {
  const found = nodes[index];
  if (found === undefined) throw new Error('there are two nodes');
  return found;
}

function vaultOf({ config }: RunningTickgate) {
  return new SigningKeyVault(
    openSealingKeys({
      keys: localKeysOf(config),
      dataDir: '/nowhere',
      mayGenerate: false,
      onProgress: () => undefined,
    }),
  );
}

function rotationOf(running: RunningTickgate, algorithm: SigningAlgorithm = 'ES256'): KeyRotation {
  return new KeyRotation({ store, vault: vaultOf(running), algorithm, clock: Date.now });
}

async function rows<Row>(text: string): Promise<readonly Row[]> {
  return (await operator.query(text)).rows as Row[];
}

/** The ids of the keys in a state, in the order in which they were made. */
async function kids(state: string): Promise<readonly string[]> {
  const found = await rows<{ kid: string }>(
    `SELECT kid FROM signing_keys WHERE state = '${state}' ORDER BY created_at`,
  );
  return found.map(({ kid }) => kid);
}

async function becomes(state: string, kid: string): Promise<void> {
  await eventually(async () => (await kids(state)).includes(kid));
}

/** The active key itself, which only those have who can open it. */
async function activeKey(): Promise<SigningKey> {
  const active = (await store.read()).keys.find(({ state }) => state === 'active');
  const key = active === undefined ? null : await vaultOf(node(0)).open(active);
  if (key === null) throw new Error('no key is active');
  return key;
}

/** A token that is right in everything, whatever has become of its key. */
function signWith(key: SigningKey, userId: string): string {
  const { tokens } = node(0).config;
  const issuer = new AccessTokens({ ...tokens, keys: soleKey(key), clock: Date.now, newId: () => 'by-hand' });
  return issuer.issue({ userId, roles: ['VIEWER'] }).accessToken;
}

function mint(role: Role): Promise<IssuedToken> {
  return issueDevelopmentToken({ config: node(1).config, role });
}

async function ask(index: number, token: string): Promise<{ readonly status: number; readonly code: unknown }> {
  const response = await fetch(`${node(index).url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
    body: JSON.stringify({ query: ownRoles }),
  });
  const { errors } = (await response.json()) as { errors?: readonly { extensions: { code: string } }[] };
  return { status: response.status, code: errors?.[0]?.extensions.code ?? null };
}

const taken = { status: 200, code: null };
const refused = { status: 401, code: 'UNAUTHENTICATED' };

async function published(index: number): Promise<readonly string[]> {
  const answer = (await (await fetch(`${node(index).url}/.well-known/jwks.json`)).json()) as {
    keys: readonly { kid: string }[];
  };
  return answer.keys.map(({ kid }) => kid);
}

function kidOf(token: string): string {
  const [header = ''] = token.split('.');
  return (JSON.parse(Buffer.from(header, 'base64url').toString()) as { kid: string }).kid;
}

const asksASecond = 50;

/**
 * Asks as everybody in turn, on every node, with a new token and with one that is about to expire, until it is told to stop.
 * It waits for no answer before it asks again: when it stops, it has asked 50 times for every second since it began, whatever the
 * machine could take. A slow one has more open at once, and asks in thicker bursts.
 */
class Traffic {
  readonly refusals: unknown[] = [];
  /** Whose tokens were taken. */
  readonly kids = new Set<string>();
  asked = 0;
  readonly #beganAt = performance.now();
  readonly #open: Promise<void>[] = [];
  #isOver = false;
  readonly #done: Promise<void>;

  constructor() {
    this.#done = this.#run();
  }

  /** The seconds that it lasted. */
  async stop(): Promise<number> {
    const lasted = this.#seconds;
    this.#isOver = true;
    await this.#done;
    await Promise.all(this.#open);
    return lasted;
  }

  get #seconds(): number {
    return (performance.now() - this.#beganAt) / 1_000;
  }

  get #isBehind(): boolean {
    return this.asked < asksASecond * this.#seconds;
  }

  async #run(): Promise<void> {
    const minted: IssuedToken[] = [];
    for (let round = 0, isLast = false; !isLast; round += 1) {
      isLast = this.#isOver;
      const fresh = await mint(roles[round % roles.length] ?? 'VIEWER');
      minted.push(fresh);
      // A request may take a moment: what expires on its way is no good token.
      while ((minted[0]?.expiresAt ?? Infinity) < Date.now() + 300) minted.shift();
      const tokens = [fresh, minted[0] ?? fresh];
      while (this.#isBehind)
        for (const index of [0, 1]) for (const token of tokens) this.#open.push(this.#ask(index, token));
      await eventually(() => this.#isOver || this.#isBehind);
    }
  }

  async #ask(index: number, { accessToken, expiresAt }: IssuedToken): Promise<void> {
    this.asked += 1;
    const answer = await ask(index, accessToken);
    const kid = kidOf(accessToken);
    if (answer.code === null) this.kids.add(kid);
    // Where so much is open that its token has expired by now, nobody can say whether it was good when it was looked at.
    else if (Date.now() < expiresAt) this.refusals.push({ ...answer, index, kid });
  }
}

it('replaces the key three times, by another kind of key too, and refuses no good token', async () => {
  const first = await activeKey();
  const { demo } = node(0).tickgate;
  const userId = demo?.users[0]?.id ?? '';
  const traffic = new Traffic();
  for (const algorithm of ['ES256', 'RS256', 'ES256'] as const) {
    const previous = await activeKey();
    const { made } = await rotationOf(node(0), algorithm).rotate({ actor: 'operator:test', minAgeMs: 0 });
    await eventually(
      async () => (await Promise.all([published(0), published(1)])).every((list) => list.includes(made)),
      {
        timeoutMs: keyTiming.times.publishMs,
      },
    );
    await becomes('active', made);
    expect(await Promise.all([0, 1].map((index) => ask(index, signWith(previous, userId))))).toEqual([taken, taken]);
  }
  await becomes('retired', first.kid);
  await eventually(async () => (await kids('retired')).length === 3);
  const seconds = await traffic.stop();

  expect(traffic.refusals).toEqual([]);
  expect(traffic.kids.size).toBe(4);
  expect(traffic.asked).toBeGreaterThanOrEqual(asksASecond * seconds);
  expect(await Promise.all([0, 1].map((index) => ask(index, signWith(first, userId))))).toEqual([refused, refused]);
  expect(await published(0)).toEqual(await kids('active'));
  const times = await rows<{ pending: number; retiring: number | null }>(`
    SELECT (1000 * extract(epoch FROM activated_at - created_at))::float8 AS pending,
      (1000 * extract(epoch FROM retired_at - retiring_at))::float8 AS retiring FROM signing_keys
    WHERE kid <> '${first.kid}'`);
  expect(times).toHaveLength(3);
  for (const { pending } of times) expect(pending).toBeGreaterThanOrEqual(keyTiming.times.publishMs);
  const retirings = times.flatMap(({ retiring }) => retiring ?? []);
  expect(retirings).toHaveLength(2);
  for (const retiring of retirings) expect(retiring).toBeGreaterThanOrEqual(keyTiming.times.retireMs);
  const audited = await rows<{ action: string; actor: string }>(
    `SELECT action, actor FROM audit_entries WHERE target = '${(await kids('retired'))[1] ?? ''}' ORDER BY at`,
  );
  expect(audited.map(({ action, actor }) => [action, actor])).toEqual([
    ['signing_key.made', 'operator:test'],
    ['signing_key.activated', 'signing-key-upkeep'],
    ['signing_key.retired', 'signing-key-upkeep'],
  ]);
});

it('makes one key where two ask for it at once', async () => {
  const count = (await rows('SELECT FROM signing_keys')).length;
  const added = await Promise.all(
    [0, 1].map((index) => rotationOf(node(index)).rotate({ actor: 'operator:test', minAgeMs: 0 })),
  );
  expect(added.map(({ kind }) => kind).sort()).toEqual(['added', 'pending']);
  const made = added.find(({ kind }) => kind === 'added')?.made ?? '';
  expect((await rows('SELECT FROM signing_keys')).length).toBe(count + 1);
  expect(added.find(({ kind }) => kind === 'pending')).toMatchObject({ kid: made });
  await becomes('active', made);
});

it('replaces a key by itself that has signed for a month, once, though every node looks after it', async () => {
  const [before = ''] = await kids('active');
  const count = (await rows('SELECT FROM signing_keys')).length;
  await operator.query(
    `UPDATE signing_keys SET activated_at = activated_at - interval '29 days' WHERE state = 'active'`,
  );
  await expect(rotationOf(node(0)).rotate({ actor: 'test', minAgeMs: 30 * dayMs })).resolves.toMatchObject({
    kind: 'young',
  });
  await operator.query(`UPDATE signing_keys SET activated_at = activated_at - interval '1 day' WHERE state = 'active'`);
  await eventually(async () => (await kids('active'))[0] !== before);
  expect((await rows('SELECT FROM signing_keys')).length).toBe(count + 1);
});

it('keeps no private key that the database alone would give away', async () => {
  const key = await activeKey();
  const { d = '' } = key.privateKey.export({ format: 'jwk' });
  const hexOfPrivate = Buffer.from(d, 'base64url').toString('hex');
  const dump = (await rows<{ line: string }>('SELECT signing_keys::text AS line FROM signing_keys')).map(
    ({ line }) => line,
  );
  expect(dump.filter((line) => line.includes(key.kid))).toHaveLength(1);
  expect(dump.filter((line) => line.includes(hexOfPrivate))).toEqual([]);
  const wiped = await rows(`SELECT FROM signing_keys WHERE state = 'retired'
    AND num_nulls(key_id, wrapped_key, nonce, ciphertext) = 4`);
  expect(wiped.length).toBe((await kids('retired')).length);
});

it('has one active key, whatever is done to the table by hand', async () => {
  const attempts = [
    `UPDATE signing_keys SET state = 'retiring', retiring_at = now() WHERE state = 'active'`,
    `DELETE FROM signing_keys`,
    `INSERT INTO signing_keys SELECT 'another', algorithm, state, created_at, activated_at, retiring_at, retired_at,
      revoked, key_id, wrapped_key, nonce, ciphertext FROM signing_keys WHERE state = 'active'`,
    `UPDATE signing_keys SET state = 'active', activated_at = now(), retired_at = NULL WHERE state = 'retired'`,
    `UPDATE signing_keys SET state = 'retired', retired_at = now() WHERE state = 'active'`,
  ];
  const constraintFailed = expect.stringMatching(/^23/) as string;
  for (const attempt of attempts)
    await expect(operator.query(attempt)).rejects.toMatchObject({ code: constraintFailed });
});

describe('an emergency', () => {
  it('ends every token and socket on every node within a second, every session, and lets people in again', async () => {
    const signedIn = (await node(1).login('VIEWER')).replace('Bearer ', '');
    const tokens = [signedIn, ...(await Promise.all(roles.map(mint))).map(({ accessToken }) => accessToken)];
    expect(await Promise.all([0, 1].map((index) => ask(index, signedIn)))).toEqual([taken, taken]);
    const closings = await Promise.all(
      [0, 1].flatMap((index) => tokens.slice(0, 3).map((token) => openSocket(index, token))),
    );
    const { kid } = await rotationOf(node(0)).revokeAll('operator:test');
    const closed = await Promise.all(closings.map(({ closing }) => closing));
    const [end] = await rows<{ at: number }>(
      'SELECT 1000 * extract(epoch FROM max(retired_at))::float8 AS at FROM signing_keys WHERE revoked',
    );
    for (const { code, at } of closed) {
      expect(code).toBe(4401);
      expect(at - (end?.at ?? 0)).toBeLessThanOrEqual(1_000);
    }
    for (const index of [0, 1])
      expect(await Promise.all(tokens.map((token) => ask(index, token)))).toEqual(tokens.map(() => refused));
    expect(await Promise.all([published(0), published(1)])).toEqual([[kid], [kid]]);
    expect(await rows('SELECT FROM sessions WHERE revoked_at IS NULL')).toEqual([]);
    const { accessToken } = await mint('TRADER');
    expect(await Promise.all([0, 1].map((index) => ask(index, accessToken)))).toEqual([taken, taken]);
  });
});

/** Resolves once it is open; what it gives, when it has closed. */
async function openSocket(index: number, token: string) {
  const socket = await RawSocket.connect(`${node(index).url.replace('http', 'ws')}/graphql`, `Bearer ${token}`);
  return { closing: socket.closed.then(({ code }) => ({ code, at: Date.now() })) };
}

describe('where nodes have died', () => {
  const runRotation = async (credentialKeys: string, ...args: readonly string[]) => {
    const command = new Command('rotateKeys', args, settings(credentialKeys));
    return [await command.ended, command.stdout, command.stderr];
  };

  it('the next one goes on with every step that they had begun, and seals with the newest key', async () => {
    for (const running of nodes) await running.stop();
    const rotation = rotationOf(node(0));
    const { made: second } = await rotation.rotate({ actor: 'operator:test', minAgeMs: 0 });
    await store.activate(second, { actor: 'test', at: Date.now(), minAgeMs: 0 });
    expect(await runRotation(oldKey)).toEqual([
      0,
      expect.stringMatching(/^[\w-]{43} is published now, and signs in 6 minutes\.\n$/),
      '',
    ]);
    const [third = ''] = await kids('pending');
    const begun = await Promise.all(['retiring', 'active'].map(kids));
    expect(begun).toEqual([[expect.any(String)], [second]]);

    nodes = [await startNode(`${newKey},${oldKey}`)];
    await becomes('active', third);
    await eventually(async () => (await kids('retired')).includes(second));
    expect(await Promise.all(['pending', 'active', 'retiring'].map(kids))).toEqual([[], [third], []]);
    // Not before the others, were there any, have had the time to read it.
    await eventually(async () => {
      const sealedBy = await rows(`SELECT DISTINCT key_id FROM signing_keys WHERE state <> 'retired'`);
      return JSON.stringify(sealedBy) === '[{"key_id":"new"}]';
    });
    const told = new Command('credentialKeys', [], settings(`${newKey},${oldKey}`));
    expect([await told.ended, told.stdout]).toEqual([
      0,
      expect.stringMatching(/^new +1 .*\nold +0 .*may be removed\n$/),
    ]);
  });

  it('and the key that seals is lost, nothing starts until an emergency has replaced what it sealed', async () => {
    for (const running of nodes) await running.stop();
    nodes = [];
    await expect(startNode(lostKey)).rejects.toMatchObject({
      exitStatus: 78,
      message: expect.stringMatching(/sealed with new, which CREDENTIAL_KEYS does not hold/) as string,
    });
    expect(await runRotation(lostKey, '--emergency')).toEqual([
      0,
      expect.stringMatching(/ signs now\. 1 older key/),
      '',
    ]);
    nodes = [await startNode(lostKey)];
    expect(await ask(0, await loggedIn())).toEqual(taken);
  });
});

describe('a database without keys', () => {
  let folder: ReturnType<typeof makeTemporaryDir>;
  let file: string;
  let warnings: string[];

  beforeEach(async () => {
    for (const running of nodes) await running.stop();
    nodes = [];
    await operator.query('TRUNCATE signing_keys');
    folder = makeTemporaryDir();
    file = path.join(folder.dir, 'signing-key.pem');
    warnings = [];
  });

  afterEach(() => {
    folder.remove();
  });

  const begin = async (pem: string | null): Promise<string> => {
    const vault = new SigningKeyVault(
      openSealingKeys({
        keys: null,
        dataDir: folder.dir,
        mayGenerate: true,
        onProgress: () => undefined,
      }),
    );
    const logger = { warn: (about: { readonly source: string }) => warnings.push(about.source) };
    await beginKeyRing({
      store,
      vault,
      pem,
      dataDir: folder.dir,
      algorithm: 'ES256',
      clock: Date.now,
      logger,
      onProgress: () => undefined,
    });
    const [active = ''] = await kids('active');
    return active;
  };

  it('begins with the key of the settings, so that tokens of before stay good, and goes on with its own', async () => {
    const [given, another] = [makeRsaKey(3072), makeRsaKey(3072)];
    writeFileSync(file, pemOf(another));
    expect(await begin(pemOf(given))).toBe(given.kid);
    expect(await begin(pemOf(given))).toBe(given.kid);
    expect(warnings).toEqual([]);
    // Changing the setting replaces nothing.
    expect(await begin(pemOf(another))).toBe(given.kid);
    expect(warnings).toEqual(['ACCESS_TOKEN_PRIVATE_KEY']);
    expect(existsSync(file)).toBe(true);
  });

  it('begins with the key that the data folder kept, and removes it there once it is sealed', async () => {
    const kept = makeRsaKey(3072);
    writeFileSync(file, pemOf(kept));
    expect(await begin(null)).toBe(kept.kid);
    expect(existsSync(file)).toBe(false);
    writeFileSync(file, pemOf(makeRsaKey(3072)));
    expect(await begin(null)).toBe(kept.kid);
    expect([existsSync(file), warnings]).toEqual([true, [file]]);
  });

  it('begins with a new key where none is given, and one key where several start at once', async () => {
    const begun = await Promise.all([begin(null), begin(null), begin(null)]);
    expect(new Set(begun)).toEqual(new Set(await kids('active')));
    expect(await rows('SELECT FROM signing_keys')).toHaveLength(1);
  });

  it('does not begin with a key that is too short', async () => {
    await expect(begin(rsaPem(2048))).rejects.toThrow(IdentityError);
    expect(await rows('SELECT FROM signing_keys')).toEqual([]);
  });
});

function makeRsaKey(modulusLength: number): SigningKey {
  return new SigningKey(rsaKey(modulusLength));
}

function pemOf({ privateKey }: { readonly privateKey: KeyObject }): string {
  return privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
}

async function loggedIn(): Promise<string> {
  return (await node(0).login('VIEWER')).replace('Bearer ', '');
}

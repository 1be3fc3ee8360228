import { randomBytes } from 'node:crypto';
import { Client } from 'pg';
import { describeWith } from '../kit/needs';
import { startTestDatabase, type TestDatabase } from '../kit/postgres';
import { RawSocket } from '../kit/rawSocket';
import { RedisServer } from '../kit/redisServer';
import {
  componentsOfRequest,
  componentsOfSocket,
  digestOf,
  paramsOfSignature,
  RequestSigner,
  type SignedHeaders,
  type SigningApiKey,
  type SigningWishes,
} from '../kit/requestSigner';
import { RunningTickgate } from '../kit/tickgate';

/** Nobody answers there: no exchange is asked. */
const deadExchange = { restUrl: 'http://127.0.0.1:9', wsUrl: 'ws://127.0.0.1:9' };
const document = JSON.stringify({ query: '{ serverTime }' });
const signer = new RequestSigner();
const ack = 'connection_ack';
const created = (seconds: number): Date => new Date(Date.now() + seconds * 1_000);
const without = (headers: SignedHeaders, ...names: readonly string[]): SignedHeaders =>
  Object.fromEntries(Object.entries(headers).filter(([name]) => !names.includes(name)));

interface Answer {
  readonly status: number;
  /** The code of the first error; null where there is none. */
  readonly code: string | null;
  readonly message: string | null;
  readonly extensions: Readonly<Record<string, unknown>>;
}

async function post(
  server: RunningTickgate,
  headers: SignedHeaders,
  { body = document, path = '/graphql' } = {},
): Promise<Answer> {
  const response = await fetch(`${server.url}${path}`, { method: 'POST', headers, body });
  const { errors } = (await response.json()) as {
    readonly errors?: readonly { readonly message: string; readonly extensions: Record<string, unknown> }[];
  };
  const { message, extensions } = errors?.[0] ?? { message: null, extensions: {} };
  const { code = null } = extensions as { readonly code?: string };
  return { status: response.status, code, message, extensions };
}

/** `connection_ack`, or what the socket was closed with. */
async function connect(server: RunningTickgate, payload: unknown): Promise<string> {
  const socket = await RawSocket.open(`${server.url.replace('http', 'ws')}/graphql`);
  socket.send({ type: 'connection_init', payload });
  const answer = await socket.next().then(
    ({ type }) => type,
    async () => {
      const { code, reason } = await socket.closed;
      return `${code} ${reason}`;
    },
  );
  socket.close();
  return answer;
}

async function makeKey(server: RunningTickgate, publicKey: string | null): Promise<SigningApiKey> {
  const expiresAt = new Date(Date.now() + 3_600_000).toISOString();
  const { data, errors } = await server.post<{ createApiKey: { apiKey: { id: string }; secret: string } }>(
    `mutation ($publicKey: String) {
       createApiKey(label: "bot", scopes: [ACCOUNT_READ], expiresAt: "${expiresAt}", publicKey: $publicKey) { apiKey { id } secret }
     }`,
    { authorization: await server.signIn('TRADER'), variables: { publicKey } },
  );
  if (data === null) throw new Error(JSON.stringify(errors));
  return { id: data.createApiKey.apiKey.id, authorization: `Bearer ${data.createApiKey.secret}` };
}

describe('an API key with a public key', () => {
  let server: RunningTickgate;
  let key: SigningApiKey;
  let other: SigningApiKey;

  beforeAll(async () => {
    server = await RunningTickgate.start('simulator', deadExchange);
    key = await makeKey(server, signer.publicKey);
    other = await makeKey(server, signer.publicKey);
  }, 60_000);

  afterAll(() => server.stop());

  const signed = (wishes: SigningWishes = {}): Promise<SignedHeaders> => signer.request(key, document, wishes);
  const signedSocket = (wishes: SigningWishes = {}): Promise<SignedHeaders> => signer.socket(key, wishes);

  it('opens what it may to requests that are signed, and nothing to its secret alone', async () => {
    expect(await post(server, await signed())).toMatchObject({ status: 200, code: null });
    expect(await connect(server, await signedSocket())).toBe(ack);
    const { authorization } = key;
    const bare = { 'content-type': 'application/json', authorization };
    expect(await post(server, bare)).toMatchObject({ status: 401, code: 'SIGNATURE_REQUIRED' });
    expect(await connect(server, { authorization })).toMatch(/^4401 SIGNATURE_REQUIRED: /);
    const { errors } = await server.post('{ serverTime: __typename }', { authorization, path: '/auth/graphql' });
    expect(errors?.[0]?.extensions['code']).toBe('SIGNATURE_REQUIRED');
  });

  it.each<[string, string, () => Promise<SignedHeaders>, string?]>([
    ['without Signature', 'SIGNATURE_REQUIRED', async () => without(await signed(), 'signature')],
    ['without Signature-Input', 'SIGNATURE_REQUIRED', async () => without(await signed(), 'signature-input')],
    ['with another body', 'SIGNATURE_REFUSED', signed, `${document} `],
    [
      'with another body and its digest',
      'SIGNATURE_REFUSED',
      async () => ({ ...(await signed()), 'content-digest': digestOf(`${document} `) }),
      `${document} `,
    ],
    ['without Content-Digest', 'SIGNATURE_REFUSED', async () => without(await signed(), 'content-digest')],
    ['with a digest of another kind', 'SIGNATURE_REFUSED', () => signed({ contentDigest: 'md5=:AAAA:' })],
    ['with a digest that is none', 'SIGNATURE_REFUSED', () => signed({ contentDigest: 'sha-256=AAAA' })],
    ['for another path', 'SIGNATURE_REFUSED', () => signed({ path: '/auth/graphql' })],
    ['for another method', 'SIGNATURE_REFUSED', () => signed({ method: 'PUT' })],
    ['by another private key', 'SIGNATURE_REFUSED', () => new RequestSigner().request(key, document)],
    ['as another API key', 'SIGNATURE_REFUSED', () => signed({ keyid: other.id })],
    [
      'with the secret of another API key',
      'SIGNATURE_REFUSED',
      async () => ({ ...(await signed({ keyid: other.id })), authorization: other.authorization }),
    ],
    ...componentsOfRequest.map((left): [string, string, () => Promise<SignedHeaders>] => [
      `without ${left}`,
      'SIGNATURE_REFUSED',
      () => signed({ fields: componentsOfRequest.filter((name) => name !== left) }),
    ]),
    ['with one thing more', 'SIGNATURE_REFUSED', () => signed({ fields: [...componentsOfRequest, 'content-type'] })],
    [
      'with the same thing twice in place of another',
      'SIGNATURE_REFUSED',
      () => signed({ fields: ['@method', '@method', '@path', 'authorization'] }),
    ],
    [
      'with a digest as a structured field',
      'SIGNATURE_REFUSED',
      () => signed({ fields: [...componentsOfSocket, 'content-digest;sf'] }),
    ],
    ...(['created', 'nonce', 'keyid'] as const).map((left): [string, string, () => Promise<SignedHeaders>] => [
      `without ${left}`,
      'SIGNATURE_REFUSED',
      () => signed({ params: paramsOfSignature.filter((name) => name !== left) }),
    ]),
    ['with a nonce that is short', 'SIGNATURE_REFUSED', () => signed({ nonce: 'x'.repeat(15) })],
    ['with a nonce that is long', 'SIGNATURE_REFUSED', () => signed({ nonce: 'x'.repeat(129) })],
    ['with another algorithm', 'SIGNATURE_REFUSED', () => signed({ alg: 'hmac-sha256' })],
    ['twice with one keyid', 'SIGNATURE_REFUSED', async () => signed({ besides: await signed() })],
    ['6 s ago', 'SIGNATURE_OUT_OF_TIME', () => signed({ created: created(-6.5) })],
    ['6 s from now', 'SIGNATURE_OUT_OF_TIME', () => signed({ created: created(7) })],
    [
      'until a time that is over',
      'SIGNATURE_OUT_OF_TIME',
      () => signed({ params: [...paramsOfSignature, 'expires'], expires: created(-1) }),
    ],
  ])('refuses a request that is signed %s', async (...[, code, headers, body]) => {
    expect(await post(server, await headers(), { body })).toMatchObject({ status: 401, code });
  });

  it('takes one at the endpoint that it was signed for, and not at the other', async () => {
    const path = '/auth/graphql';
    expect(await post(server, await signed(), { path })).toMatchObject({ status: 401, code: 'SIGNATURE_REFUSED' });
    // The other schema has no such field.
    expect(await post(server, await signed({ path }), { path })).toMatchObject({ code: 'GRAPHQL_VALIDATION_FAILED' });
  });

  it('takes one that says when it expires, and one that others have signed as well', async () => {
    const params = [...paramsOfSignature, 'expires'];
    expect(await post(server, await signed({ params, expires: created(3) }))).toMatchObject({ code: null });
    const byProxy = await new RequestSigner().request({ ...key, id: 'proxy' }, document);
    expect(await post(server, await signed({ besides: byProxy }))).toMatchObject({ code: null });
  });

  it('tells a client whose clock is off what time it is', async () => {
    const { message, extensions } = await post(server, await signed({ created: created(-3_600) }));
    const serverTime = String(extensions['serverTime']);
    expect(Math.abs(Date.parse(serverTime) - Date.now())).toBeLessThan(60_000);
    expect(message).toContain(serverTime);
    expect(await connect(server, await signedSocket({ created: created(3_600) }))).toMatch(
      /^4401 SIGNATURE_OUT_OF_TIME: Here it is \d{4}-\d\d-\d\dT[\d:.]+Z: /,
    );
  });

  it('takes a signature once, however often it comes at once, and a nonce once for each key', async () => {
    const headers = await signed();
    const codes = await Promise.all(Array.from({ length: 20 }, async () => (await post(server, headers)).code));
    expect(codes.toSorted()).toEqual([...Array<string>(19).fill('SIGNATURE_REPLAYED'), null]);
    const nonce = randomBytes(16).toString('base64url');
    expect((await post(server, await signed({ nonce }))).code).toBeNull();
    expect(await connect(server, await signedSocket({ nonce }))).toMatch(/^4401 SIGNATURE_REPLAYED: /);
    expect((await post(server, await signer.request(other, document, { nonce }))).code).toBeNull();
  });

  it.each<[string, string, () => Promise<SignedHeaders>]>([
    ['as a request', 'SIGNATURE_REFUSED', () => signed()],
    ['for another method', 'SIGNATURE_REFUSED', () => signedSocket({ method: 'POST' })],
    ['for another path', 'SIGNATURE_REFUSED', () => signedSocket({ path: '/' })],
    ['by another private key', 'SIGNATURE_REFUSED', () => new RequestSigner().socket(key)],
    [
      'without its secret',
      'SIGNATURE_REFUSED',
      () => signedSocket({ fields: componentsOfSocket.filter((name) => name !== 'authorization') }),
    ],
    ['6 s ago', 'SIGNATURE_OUT_OF_TIME', () => signedSocket({ created: created(-6.5) })],
    ['with a number', 'SIGNATURE_REFUSED', async () => ({ ...(await signedSocket()), signature: 7 }) as never],
  ])('refuses a socket that is signed %s', async (_how, code, payload) => {
    expect(await connect(server, await payload())).toMatch(new RegExp(`^4401 ${code}: `));
  });

  it('keeps a socket by a ping that is signed, and ends it by one that is not', async () => {
    const socket = await RawSocket.open(`${server.url.replace('http', 'ws')}/graphql`);
    const first = await signedSocket();
    socket.send({ type: 'connection_init', payload: first });
    expect((await socket.next()).type).toBe(ack);
    socket.send({ type: 'ping', payload: await signedSocket() });
    expect(await socket.next()).toMatchObject({ type: 'pong', payload: { expiresAt: expect.any(String) as unknown } });
    socket.send({ type: 'ping', payload: first });
    expect(await socket.closed).toMatchObject({
      code: 4401,
      reason: expect.stringMatching(/^SIGNATURE_REPLAYED/) as unknown,
    });
  });

  it('is told in the list and in the audit log', async () => {
    const authorization = await server.signIn('TRADER');
    const plain = await makeKey(server, null);
    const { data } = await server.post<{ apiKeys: readonly { id: string; publicKey: string | null }[] }>(
      '{ apiKeys { id publicKey } }',
      { authorization },
    );
    const publicKeys = new Map(data?.apiKeys.map(({ id, publicKey }) => [id, publicKey]));
    expect([publicKeys.get(key.id), publicKeys.get(plain.id)]).toEqual([signer.publicKey, null]);
    expect(
      (await post(server, { 'content-type': 'application/json', authorization: plain.authorization })).code,
    ).toBeNull();
    const operator = new Client({ connectionString: server.databaseUrl });
    await operator.connect();
    const { rows } = await operator.query<{ target: string; outcome: string }>(
      `SELECT target, outcome FROM audit_entries WHERE action = 'apiKey.create'`,
    );
    const outcomes = new Map(rows.map(({ target, outcome }) => [target, outcome]));
    expect([outcomes.get(key.id), outcomes.get(plain.id)]).toEqual(['ACCOUNT_READ signed', 'ACCOUNT_READ']);
    await expect(
      operator.query(`UPDATE api_keys SET public_key = replace(public_key, 'MCow', 'MCox') WHERE id = $1`, [key.id]),
    ).rejects.toMatchObject({ constraint: 'api_keys_public_key_ed25519' });
    await operator.end();
  });
});

describeWith('redis-server', 'two nodes that share a Redis', () => {
  let redis: RedisServer;
  let database: TestDatabase;
  let nodes: readonly RunningTickgate[];

  beforeAll(async () => {
    redis = await RedisServer.start();
    database = await startTestDatabase();
    const environment = {
      DATABASE_URL: database.url,
      REDIS_URL: redis.url,
      CREDENTIAL_KEYS: `one:${randomBytes(32).toString('base64')}`,
      AUDIT_KEY: randomBytes(32).toString('base64'),
    };
    const first = await RunningTickgate.start('simulator', deadExchange, { environment });
    nodes = [first, await RunningTickgate.start('simulator', deadExchange, { environment })];
  }, 60_000);

  afterAll(async () => {
    await Promise.all(nodes.map((node) => node.stop()));
    await redis.stop();
    await database.stop();
  });

  it('take a signature once between them, and none while nobody can tell which were used', async () => {
    const key = await makeKey(nodes[0]!, signer.publicKey);
    const plain = await makeKey(nodes[0]!, null);
    const unsigned = { 'content-type': 'application/json', authorization: plain.authorization };
    const onBoth = async (headers: SignedHeaders): Promise<readonly (string | null)[]> =>
      (await Promise.all(nodes.map(async (node) => (await post(node, headers)).code))).toSorted();
    for (let round = 0; round < 20; round += 1) {
      expect(await onBoth(await signer.request(key, document))).toEqual(['SIGNATURE_REPLAYED', null]);
    }
    await redis.stop('SIGKILL');
    const headers = await signer.request(key, document);
    expect(await onBoth(headers)).toEqual(['SIGNATURE_UNCHECKABLE', 'SIGNATURE_UNCHECKABLE']);
    expect(await post(nodes[1]!, await signer.request(key, document))).toMatchObject({ status: 503 });
    expect(await onBoth(headers)).toEqual(['SIGNATURE_REPLAYED', 'SIGNATURE_REPLAYED']);
    expect(await connect(nodes[0]!, await signer.socket(key))).toMatch(/^1013 SIGNATURE_UNCHECKABLE: /);
    expect(await onBoth(unsigned)).toEqual([null, null]);
  });
});

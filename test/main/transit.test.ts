import { randomBytes, randomUUID } from 'node:crypto';
import { renameSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { Pool } from 'pg';
import { Command } from '../kit/command';
import { endPool } from '../kit/endPool';
import { eventually } from '../kit/eventually';
import { startTestDatabase, type TestDatabase } from '../kit/postgres';
import type { Asked } from '../kit/secretManagers/standIn';
import { VaultStandIn } from '../kit/secretManagers/vaultStandIn';
import { startSimulator, type RunningSimulator } from '../kit/simulator';
import { makeTemporaryDir } from '../kit/temporaryDir';
import { RunningTickgate } from '../kit/tickgate';
import { demoCredentials } from '../kit/tradingAccount';

interface Payload<Made> {
  readonly made: Made | null;
  readonly errors: readonly { readonly code: string }[];
}

const local = `k1:${randomBytes(32).toString('base64')}`;
const next = `k2:${randomBytes(32).toString('base64')}`;
const ofVault = 't1:transit://transit/tickgate';
const folder = makeTemporaryDir();
const vault = new VaultStandIn();
let database: TestDatabase;
let operator: Pool;
let simulator: RunningSimulator;
let server: RunningTickgate;

/** As whoever mounts secrets does: the whole file at once. */
function putKeys(text: string): string {
  const file = path.join(folder.dir, 'keys');
  writeFileSync(`${file}.new`, text, { mode: 0o600 });
  renameSync(`${file}.new`, file);
  return file;
}

const environment = () => ({
  DATA_DIR: path.join(folder.dir, 'data'),
  DATABASE_URL: database.url,
  CREDENTIAL_KEYS_FILE: path.join(folder.dir, 'keys'),
  ACCESS_TOKEN_ALGORITHM: 'ES256',
  VAULT_ADDR: vault.url,
  VAULT_TOKEN: 'of-the-server',
  SECRETS_REFRESH_S: '1',
});

async function start(): Promise<void> {
  server = await RunningTickgate.start('simulator', simulator, { environment: environment(), spreadMs: 1_000 });
}

beforeAll(async () => {
  [database, simulator] = await Promise.all([startTestDatabase(), startSimulator({ seed: 'transit' }), vault.start()]);
  vault.addToken('of-the-server');
  vault.transit.rotate('tickgate');
  operator = new Pool({ connectionString: database.url });
  putKeys(local);
  await start();
}, 60_000);

afterAll(async () => {
  await server.stop();
  await endPool(operator);
  await Promise.all([simulator.stop(), database.stop(), vault.stop()]);
  folder.remove();
});

async function ask<Data>(query: string, variables: unknown): Promise<Data> {
  const answer = await server.post<Data>(query, { authorization: await server.signIn('TRADER'), variables });
  if (answer.data === null || answer.errors !== undefined) throw new Error(JSON.stringify(answer));
  return answer.data;
}

const creation = `mutation ($input: CreateAccountInput!) {
  createAccount(input: $input) { made: account { id } errors { code } }
}`;

async function accountInput(name: string): Promise<object> {
  const { apiKey, secret } = await demoCredentials(simulator, name);
  const label = `${name} ${randomUUID().slice(0, 8)}`;
  return { label, exchange: 'simulator', mode: 'LIVE', apiKey: apiKey.reveal(), secret: secret.reveal() };
}

async function createAccount(name: string): Promise<string> {
  const input = await accountInput(name);
  const { createAccount: payload } = await ask<{ createAccount: Payload<{ readonly id: string }> }>(creation, {
    input,
  });
  expect(payload.errors).toEqual([]);
  return payload.made!.id;
}

/** Goes on until the account can be traded: then its key is open. */
async function trades(account: string): Promise<void> {
  const order = { account, market: 'simulator:BTC/USDT', side: 'BUY', type: 'MARKET', amount: '0.001' };
  await eventually(
    async () => {
      const { createOrder } = await ask<{ createOrder: Payload<{ readonly status: string }> }>(
        'mutation ($input: CreateOrderInput!) { createOrder(input: $input) { made: order { status } errors { code } } }',
        { input: { ...order, idempotencyKey: randomUUID() } },
      );
      return createOrder.made?.status === 'CLOSED';
    },
    { everyMs: 200 },
  );
}

type Table = 'signing_keys' | 'account_credentials' | 'totp_secrets';

/** What seals the records of a table. */
async function sealing(table: Table): Promise<string> {
  const { rows } = await operator.query<{ id: string }>(`SELECT DISTINCT key_id AS id FROM ${table} ORDER BY 1`);
  return rows.map(({ id }) => id).join();
}

const becomes = (table: Table, keyId: string): Promise<unknown> =>
  eventually(async () => (await sealing(table)) === keyId);

async function readiness(): Promise<readonly unknown[]> {
  const response = await fetch(`${server.url}/readyz`);
  return [response.status, await response.json()];
}

async function stateOf(name: string): Promise<string> {
  const response = await fetch(`http://127.0.0.1:${server.tickgate.metricsPort}/health`);
  const { states } = (await response.json()) as {
    readonly states: readonly { readonly name: string; readonly healthy: boolean; readonly detail: string }[];
  };
  const state = states.find((one) => one.name === name);
  return `${state?.healthy === true ? 'well' : 'unwell'}: ${state?.detail ?? ''}`;
}

async function credentialKeys(): Promise<readonly unknown[]> {
  const command = new Command('credentialKeys', [], environment());
  return [await command.ended, command.stdout + command.stderr];
}

let account: string;

it('moves what a key of this server sealed to one of Vault, and trades with it after a restart', async () => {
  account = await createAccount('trader');
  await trades(account);
  await server.post('mutation { enrollMfa { otpauthUri } }', {
    path: '/auth/graphql',
    authorization: await server.login('VIEWER'),
  });
  const tables = ['signing_keys', 'account_credentials', 'totp_secrets'] as const;
  expect(await Promise.all(tables.map(sealing))).toEqual(['k1', 'k1', 'k1']);
  putKeys(`${ofVault},${local}`);
  await becomes('signing_keys', 't1:v1');
  await becomes('totp_secrets', 't1:v1');
  await server.stop();
  await start();
  await trades(account);
  await becomes('account_credentials', 't1:v1');
  putKeys(ofVault);
  await eventually(async () => (await stateOf('secrets')).startsWith('well') && (await readiness())[0] === 200);
});

it('goes on while Vault is away, and seals nothing otherwise', async () => {
  await vault.stop();
  await eventually(async () => /^unwell: The key t1 .*does not answer/.test(await stateOf('keys that seal')));
  expect(await readiness()).toEqual([200, { status: 'degraded' }]);
  await trades(account);
  expect(await server.login('VIEWER')).toMatch(/^Bearer ey/);
  const { errors } = await server.post(creation, {
    authorization: await server.signIn('TRADER'),
    variables: { input: await accountInput('second-trader') },
  });
  expect(errors?.map(({ extensions }) => extensions['code'])).toEqual(['SEALING_UNAVAILABLE']);
  expect(await sealing('account_credentials')).toBe('t1:v1');
  await vault.start();
  await eventually(async () => JSON.stringify(await readiness()) === JSON.stringify([200, { status: 'ok' }]));
  await eventually(async () => (await stateOf('keys that seal')) === 'well: t1:v1 seals');
  await trades(await createAccount('second-trader'));
});

it('follows the key to its next version', async () => {
  vault.transit.rotate('tickgate');
  await becomes('signing_keys', 't1:v2');
  await becomes('totp_secrets', 't1:v2');
  expect(await credentialKeys()).toEqual([
    1,
    expect.stringMatching(/^t1:v2 +2 sealed +the newest.*\nt1:v1 +2 sealed +in use/),
  ]);
});

it('lets an emergency be answered without Vault, where that seals nothing any more', async () => {
  putKeys(`${next},${ofVault}`);
  await vault.stop();
  for (const [name, ...words] of [['irRotateAll', '--yes'] as const, ['rotateKeys', '--emergency'] as const]) {
    const command = new Command(name, words, environment());
    expect([await command.ended, command.stderr]).toEqual([0, '']);
    expect(await sealing('signing_keys')).toMatch(/k2/);
  }
  putKeys(`${ofVault},${local}`);
  const command = new Command('irRotateAll', ['--yes'], environment());
  expect([await command.ended, command.stderr]).toEqual([69, expect.stringMatching(/^The key t1 .* cannot be used/)]);
});

/** What is bound to a data key names the kind of its record; what proves a key does not. */
function isOfSigningKey({ url, body }: Asked): boolean {
  if (!url.includes('/transit/')) return false;
  const { associated_data: context = '' } = JSON.parse(body) as { readonly associated_data?: string };
  return Buffer.from(context, 'base64').includes('tickgate/signing_keys/');
}

it('ends a command with 69, and says what to do, where Vault goes away while it is at work', async () => {
  putKeys(`${ofVault},${next},${local}`);
  await vault.start();
  await eventually(async () => (await stateOf('keys that seal')) === 'well: t1:v2 seals');
  const rotation = new Command('irRotateAll', ['--yes', '--json'], environment());
  expect([await rotation.ended, rotation.stderr]).toEqual([0, '']);
  const { left } = JSON.parse(rotation.stdout) as { readonly left: readonly { readonly what: string }[] };
  expect(left.map(({ what }) => what)).toContainEqual(
    expect.stringMatching(/^CREDENTIAL_KEYS holds k2, k1 beside Vault's/),
  );
  vault.isBrokenFor = isOfSigningKey;
  const commands = ['token', 'rotateKeys'].map((name) => new Command(name, [], environment()));
  for (const command of commands) {
    expect([await command.ended, command.stdout, command.stderr]).toEqual([
      69,
      '',
      expect.stringMatching(
        /^Keys cannot be .* nothing was changed\. Try again in a moment\. The key t1 .* cannot be used: .*"vault status", and unseal it\.\n$/,
      ),
    ]);
  }
});

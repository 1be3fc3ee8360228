import { randomUUID } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { eventually } from '../kit/eventually';
import { Example } from '../kit/example';
import { ed25519Pem, publicPemOf } from '../kit/keyPairs';
import { startSimulator, type RunningSimulator } from '../kit/simulator';
import { makeTemporaryDir } from '../kit/temporaryDir';
import { RunningTickgate } from '../kit/tickgate';

const temporary = makeTemporaryDir();
const keyFile = path.join(temporary.dir, 'bot.pem');
const privateKey = ed25519Pem();

let simulator: RunningSimulator;
let server: RunningTickgate;
let account: string;

beforeAll(async () => {
  simulator = await startSimulator();
  server = await RunningTickgate.start('simulator', simulator);
  writeFileSync(keyFile, privateKey);
  account = await eventually(
    async () => {
      const [found] = await accounts();
      return found?.reconciliation == null ? null : found.id;
    },
    // More often, and the field's rate would be used up before.
    { everyMs: 250 },
  );
}, 60_000);

afterAll(async () => {
  await server.stop();
  await simulator.stop();
  temporary.remove();
});

async function ask<Data>(query: string, variables: unknown = {}): Promise<Data> {
  const { data, errors } = await server.post<Data>(query, { authorization: await server.signIn('TRADER'), variables });
  if (data === null) throw new Error(JSON.stringify(errors));
  return data;
}

async function accounts() {
  const { accounts: found } = await ask<{
    accounts: readonly { readonly id: string; readonly reconciliation: { readonly at: string } | null }[];
  }>('{ accounts { id reconciliation { at } } }');
  return found;
}

/** As the documentation says: a key that may trade on paper, from here. */
async function makeKey() {
  const { createApiKey } = await ask<{ createApiKey: { apiKey: { id: string }; secret: string } }>(
    `mutation ($publicKey: String, $expiresAt: DateTime!) {
       createApiKey(label: "bot", scopes: [TRADE_PAPER], expiresAt: $expiresAt, publicKey: $publicKey) { apiKey { id } secret }
     }`,
    { publicKey: publicPemOf(privateKey), expiresAt: new Date(Date.now() + 3_600_000).toISOString() },
  );
  return createApiKey;
}

/** What docs/examples/signedOrder.mjs prints, and how it ends. */
async function run(key: { readonly id: string; readonly secret: string }, idempotencyKey: string) {
  const example = new Example(
    'signedOrder.mjs',
    [
      ...['--url', `${server.url}/graphql`, '--key-id', key.id, '--private-key', keyFile, '--account', account],
      ...['--market', 'simulator:BTC/USDT', '--amount', '0.01', '--idempotency-key', idempotencyKey],
    ],
    { TICKGATE_API_KEY: key.secret },
  );
  const status = await example.ended;
  return { status, stderr: example.stderr, answer: JSON.parse(example.stdout) as unknown };
}

it('places an order that is signed, once for its key, and none under the name of another API key', async () => {
  const { apiKey, secret } = await makeKey();
  const key = { id: apiKey.id, secret };
  const idempotencyKey = randomUUID();
  const first = await run(key, idempotencyKey);
  expect(first).toMatchObject({
    ...{ status: 0, stderr: '' },
    answer: { order: { status: 'CLOSED', filled: '0.01' }, errors: [] },
  });
  expect(await run(key, idempotencyKey)).toEqual(first);
  expect(await run({ ...key, id: randomUUID() }, randomUUID())).toMatchObject({
    ...{ status: 1, stderr: '' },
    answer: { errors: [{ code: 'SIGNATURE_REFUSED' }] },
  });
  const { orders } = await ask<{ orders: { readonly totalCount: number } }>('{ orders { totalCount } }');
  expect(orders.totalCount).toBe(1);
});

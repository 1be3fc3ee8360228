import { randomBytes, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { SecretsResealing } from '../../src/identity/mfa/secretsResealing';
import { KeyEncryptionKeys, type SealingKey } from '../../src/identity/sealing/keyEncryptionKeys';
import { TotpVault } from '../../src/identity/sealing/totpVault';
import { followSealingKeys } from '../../src/startSealing';
import { BackgroundRunner } from '../../src/telemetry/backgroundRunner';
import { HealthRegistry } from '../../src/telemetry/health';
import { createLogger } from '../../src/telemetry/logger';
import { createMetrics } from '../../src/telemetry/metrics';
import { eventually } from '../kit/eventually';
import { openTestStorage } from '../kit/postgres';
import { VaultStandIn } from '../kit/secretManagers/vaultStandIn';
import { makeKey } from './sealing/credentials';
import { vaultedKey } from './sealing/vaultedKey';

const standIn = new VaultStandIn();
const logger = createLogger('silent');
const metrics = createMetrics();
const runner = new BackgroundRunner({ logger, metrics });
const local = makeKey('k1');
let database: Awaited<ReturnType<typeof openTestStorage>>;
let stops: (() => Promise<void>)[];
let name: string;
let people: readonly string[];
/** Under which key secrets were to be, each time when somebody looked for others. */
let looked: string[];

beforeAll(async () => {
  [database] = await Promise.all([openTestStorage(), standIn.start()]);
}, 60_000);

afterAll(async () => {
  await Promise.all([database.stop(), standIn.stop()]);
});

beforeEach(async () => {
  stops = [];
  looked = [];
  name = `k-${randomBytes(6).toString('hex')}`;
  standIn.transit.rotate(name);
  people = [await enrol(), await enrol()];
});

afterEach(async () => {
  for (const stop of stops) await stop();
  await runner.idle();
  standIn.brokenWith = null;
  for (const id of people) await database.storage.secondFactors.reset(id, { actor: 'test', at: Date.now(), ip: null });
});

/** Somebody whose secret is sealed with the key of this server. */
async function enrol(): Promise<string> {
  const { users, secondFactors } = database.storage;
  const id = randomUUID();
  await users.saveByEmail({ id, email: `${id}@example.org`, passwordHash: '-', roles: ['VIEWER'] });
  const sealed = await new TotpVault(new KeyEncryptionKeys([local])).seal(id, 'JBSWY3DPEHPK3PXP');
  await secondFactors.savePending(id, sealed, { at: Date.now(), actor: id, ip: null });
  return id;
}

async function opened(...ofSettings: readonly SealingKey[]): Promise<KeyEncryptionKeys> {
  const keys = new KeyEncryptionKeys(ofSettings);
  await keys.prove();
  return keys;
}

/** onMoved: when a secret is under another key. */
function resealingWith(keys: KeyEncryptionKeys, onMoved: () => void = () => undefined): SecretsResealing {
  const { secondFactors } = database.storage;
  const store = {
    sealedOtherwise: (keyId: string) => {
      looked.push(keyId);
      return secondFactors.sealedOtherwise(keyId);
    },
    reseal: async (...moved: Parameters<typeof secondFactors.reseal>) => {
      await secondFactors.reseal(...moved);
      onMoved();
    },
  };
  return new SecretsResealing({ store, vault: new TotpVault(keys), logger });
}

function follow(keys: KeyEncryptionKeys, onUsable: () => void): void {
  followSealingKeys({ keys, refreshMs: 20, onUsable, random: () => 0, runner, health: new HealthRegistry(), stops });
}

function goingOn(resealing: SecretsResealing): () => void {
  return () => {
    runner.run('resealing', () => resealing.goOn());
  };
}

const counts = async (): Promise<object> => Object.fromEntries(await database.storage.secondFactors.countByKey());
const moved = (): Promise<unknown> => eventually(async () => JSON.stringify(await counts()) === '{"t1:v1":2}');

/** Cut off behind the first of two, because Vault has gone away. */
async function cutOff(): Promise<{ readonly keys: KeyEncryptionKeys; readonly resealing: SecretsResealing }> {
  const keys = await opened(vaultedKey(standIn, name), local);
  const resealing = resealingWith(keys, () => (standIn.brokenWith = 503));
  await expect(resealing.goOn()).rejects.toMatchObject({ code: 'SEALING_UNAVAILABLE' });
  expect(await counts()).toEqual({ k1: 1, 't1:v1': 1 });
  return { keys, resealing };
}

it('goes on where it was cut off once Vault is back', async () => {
  const { keys, resealing } = await cutOff();
  const before = standIn.asked.length;
  follow(keys, goingOn(resealing));
  await eventually(() => standIn.asked.length > before + 1);
  expect(await counts()).toEqual({ k1: 1, 't1:v1': 1 });
  // The health report says so, and nothing else each time.
  expect((await metrics.backgroundFailures.get()).values).toEqual([]);
  standIn.brokenWith = null;
  await moved();
});

it('goes on where Vault was back before it was asked again: then nobody has seen it away', async () => {
  const { keys, resealing } = await cutOff();
  standIn.brokenWith = null;
  await keys.prove();
  expect(keys.check().healthy).toBe(true);
  follow(keys, goingOn(resealing));
  await moved();
});

it('looks for nothing once it is done, until another version seals', async () => {
  const keys = await opened(vaultedKey(standIn, name), local);
  const resealing = resealingWith(keys);
  // Whoever comes while it is under way leaves it to it.
  await Promise.all([resealing.goOn(), resealing.goOn()]);
  people = [...people, await enrol()];
  await resealing.goOn();
  expect([looked, await counts()]).toEqual([['t1:v1'], { k1: 1, 't1:v1': 2 }]);
  standIn.transit.rotate(name);
  await keys.prove();
  await resealing.goOn();
  expect([looked, await counts()]).toEqual([['t1:v1', 't1:v2'], { 't1:v2': 3 }]);
});

it('tries again what did not open once another key is there', async () => {
  const keys = await opened(vaultedKey(standIn, name));
  const resealing = resealingWith(keys);
  await resealing.goOn();
  expect(await counts()).toEqual({ k1: 2 });
  await keys.replace([vaultedKey(standIn, name), local]);
  await resealing.goOn();
  expect(await counts()).toEqual({ 't1:v1': 2 });
});

it('does not ask a Vault again that has not answered yet', async () => {
  let [asked, ticks] = [0, 0];
  const silent = createServer(({ url }, response) => {
    if (url?.endsWith('/lookup-self') === true) response.end('{"data":{"ttl":3600,"renewable":true}}');
    else asked += 1;
  }).listen(0, '127.0.0.1');
  await once(silent, 'listening');
  const address = `http://127.0.0.1:${(silent.address() as AddressInfo).port}`;
  follow(new KeyEncryptionKeys([vaultedKey({ url: address, addToken: () => 'token' }, name)]), () => undefined);
  // Those are asked as often.
  follow(new KeyEncryptionKeys([local]), () => (ticks += 1));
  await eventually(() => asked > 0);
  const before = ticks;
  await eventually(() => ticks > before + 5);
  expect(asked).toBe(1);
  for (const stop of stops.splice(0)) await stop();
  silent.closeAllConnections();
  silent.close();
});

import type { SealedCredentials } from '../../../src/domain/exchangeCredentials';
import { CredentialVault } from '../../../src/identity/sealing/credentialVault';
import { KeyEncryptionKeys, type SealingKey } from '../../../src/identity/sealing/keyEncryptionKeys';
import { newAccount } from '../../../src/storage/trading/accountTable';
import type { CredentialStore } from '../../../src/storage/trading/credentialStore';
import { SealedKeys } from '../../../src/trading/accounts/sealedKeys';
import { VaultStandIn } from '../../kit/secretManagers/vaultStandIn';
import { holder, makeKey, plain, toCredentials } from '../../identity/sealing/credentials';
import { vaultedKey } from '../../identity/sealing/vaultedKey';

const standIn = new VaultStandIn();
const own = makeKey('k1');
const account = newAccount({
  id: holder.accountId,
  ownerId: holder.ownerId,
  label: 'a',
  exchange: 'simulator',
  mode: 'LIVE',
  currency: 'USDT',
  positionMode: 'ONE_WAY',
  keyHint: null,
  createdAt: 0,
});
let stored: SealedCredentials;

beforeAll(async () => {
  await standIn.start();
  standIn.transit.rotate('tickgate');
});

afterAll(async () => {
  await standIn.stop();
});

afterEach(() => {
  standIn.brokenWith = null;
});

/** A server with these keys, and the one row that there is. */
async function serverWith(...keys: readonly SealingKey[]) {
  const kept = new KeyEncryptionKeys(keys);
  await kept.prove();
  const vault = new CredentialVault(kept);
  const store: Pick<CredentialStore, 'find' | 'reseal'> = {
    find: () => Promise.resolve({ sealed: stored, exchangeAccount: null, checkedAt: 0 }),
    reseal: (_, __, after) => {
      stored = after;
      return Promise.resolve();
    },
  };
  return { vault, keys: new SealedKeys({ vault, store: store as CredentialStore }) };
}

it('says of a key that cannot be opened now that nobody knows, which halts no account, and opens it later', async () => {
  stored = await (await serverWith(vaultedKey(standIn, 'tickgate'))).vault.seal(holder, toCredentials(plain));
  const { keys } = await serverWith(vaultedKey(standIn, 'tickgate'));
  standIn.brokenWith = 503;
  await expect(keys.open(account)).rejects.toMatchObject({ code: 'SEALING_UNAVAILABLE' });
  standIn.brokenWith = null;
  expect(await keys.open(account)).toMatchObject({ kind: 'open' });
  stored = { ...stored, nonce: Buffer.alloc(12) };
  expect(await keys.open(account)).toMatchObject({ kind: 'closed', code: 'CREDENTIALS_DAMAGED' });
});

it('opens a key that cannot be moved now, and moves it the next time', async () => {
  stored = await (await serverWith(own)).vault.seal(holder, toCredentials(plain));
  const { keys } = await serverWith(vaultedKey(standIn, 'tickgate'), own);
  standIn.brokenWith = 503;
  expect(await keys.open(account)).toMatchObject({ kind: 'open' });
  expect(stored.keyId).toBe('k1');
  standIn.brokenWith = null;
  expect(await keys.open(account)).toMatchObject({ kind: 'open' });
  expect(stored.keyId).toBe('t1:v1');
});

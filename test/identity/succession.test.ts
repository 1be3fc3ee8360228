import { randomBytes } from 'node:crypto';
import { Secret } from '../../src/domain/secret';
import { PasswordHasher, type Pepper } from '../../src/identity/passwordHasher';
import { CredentialVault } from '../../src/identity/sealing/credentialVault';
import { KeyEncryptionKeys } from '../../src/identity/sealing/keyEncryptionKeys';
import { Succession } from '../../src/identity/succession';
import { openProvenKeys, useSealingKeys } from '../../src/startSealing';
import { holder, makeKey, plain, reveal, toCredentials } from './sealing/credentials';

const spreadMs = 300_000;
let now = 0;
const timing = { clock: () => now, spreadMs };

beforeEach(() => {
  now = 1_000_000;
});

describe('which key is used for what is new', () => {
  it('is the first at a start, and none where there is none', () => {
    expect(new Succession(['k2', 'k1'], timing).leader).toBe('k2');
    expect(new Succession([], timing).leader).toBeNull();
  });

  it('is one that comes later only once every node has had the time to read it', () => {
    const keys = new Succession(['k1'], timing);
    keys.replace(['k2', 'k1']);
    now += spreadMs - 1;
    expect(keys.leader).toBe('k1');
    now += 1;
    expect(keys.leader).toBe('k2');
  });

  it('waits no longer where the list changes behind it, and from anew for another that comes before it', () => {
    const keys = new Succession(['k1'], timing);
    keys.replace(['k2', 'k1']);
    now += spreadMs - 1;
    keys.replace(['k2', 'k1', 'k0']);
    now += 1;
    expect(keys.leader).toBe('k2');
    keys.replace(['k3', 'k2', 'k1']);
    now += spreadMs - 1;
    keys.replace(['k4', 'k3', 'k2', 'k1']);
    now += spreadMs - 1;
    expect(keys.leader).toBe('k2');
    now += 1;
    expect(keys.leader).toBe('k4');
  });

  it('stays the one that it was where the new one is taken back', () => {
    const keys = new Succession(['k1'], timing);
    keys.replace(['k2', 'k1']);
    keys.replace(['k1']);
    now += spreadMs;
    expect(keys.leader).toBe('k1');
    keys.replace(['k2', 'k1']);
    now += spreadMs;
    // Older ones go, newer ones return, in any order.
    keys.replace(['k1', 'k2']);
    expect(keys.leader).toBe('k2');
    keys.replace(['k2', 'k1']);
    expect(keys.leader).toBe('k2');
  });

  it('is the first at once where the one before is gone: there is nothing to wait with', () => {
    const keys = new Succession(['k1'], timing);
    keys.replace(['k2']);
    expect(keys.leader).toBe('k2');
  });
});

describe('a start that finds what was made before', () => {
  const startedWith = (ids: readonly string[], ...used: readonly string[]) =>
    new Succession(ids, timing, (id) => used.includes(id));

  it('lets a first key wait that nothing was made with, though something was with another one', () => {
    const keys = startedWith(['k3', 'k2', 'k1'], 'k1', 'k2');
    expect(keys.leader).toBe('k2');
    now += spreadMs;
    expect(keys.leader).toBe('k3');
  });

  it('asks the records which keys are known to others; a command goes by its list', async () => {
    const [k1, k2] = [makeKey('k1'), makeKey('k2')];
    const opened = async (storage: { countSealed(): Promise<ReadonlyMap<string, number>> } | null) => {
      const config = { credentials: { keys: [k2, k1] }, vault: null, dataDir: '' };
      return (await openProvenKeys({ config, mayGenerate: false, onProgress: () => undefined, storage })).sealingId;
    };
    const counted = (...counts: (readonly [string, number])[]) => ({
      countSealed: () => Promise.resolve(new Map(counts)),
    });
    expect(await opened(counted(['k1', 3], ['k2', 0]))).toBe('k1');
    expect(await opened(counted(['k1', 3], ['k2', 1]))).toBe('k2');
    // By the id of the settings, whichever version of a key that Vault keeps.
    expect(await opened(counted(['k1:v4', 3]))).toBe('k1');
    expect(await opened(null)).toBe('k2');
  });

  it('goes on with the first where something was made with that, or nothing at all', () => {
    expect(startedWith(['k2', 'k1'], 'k1', 'k2').leader).toBe('k2');
    expect(startedWith(['k2', 'k1']).leader).toBe('k2');
    expect(startedWith(['k2', 'k1'], 'k9').leader).toBe('k2');
  });
});

describe('a key that may lead on another node', () => {
  it('is the one before, for as long as it takes to reach every node once more', () => {
    const keys = new Succession(['k1'], timing);
    expect(['k1', 'k2'].map((id) => keys.mayLead(id))).toEqual([true, false]);
    keys.replace(['k2', 'k1', 'k0']);
    now += spreadMs;
    expect(keys.leader).toBe('k2');
    // What changes behind it is nothing to it.
    keys.replace(['k2', 'k1']);
    now += spreadMs - 1;
    expect(['k1', 'k2'].map((id) => keys.mayLead(id))).toEqual([true, true]);
    now += 1;
    expect(['k1', 'k2'].map((id) => keys.mayLead(id))).toEqual([false, true]);
  });
});

describe('between a node that has read the new one and a node that has not', () => {
  it('everything that is sealed opens on both', async () => {
    const [k1, k2] = [makeKey('k1'), makeKey('k2')];
    const nodes = [new KeyEncryptionKeys([k1], timing), new KeyEncryptionKeys([k1], timing)] as const;
    const vaults = nodes.map((keys) => new CredentialVault(keys));
    const sealedBy = async (): Promise<readonly string[]> => {
      const sealed = await Promise.all(vaults.map((vault) => vault.seal(holder, toCredentials(plain))));
      for (const vault of vaults) {
        for (const record of sealed) expect(reveal(await vault.open(holder, record))).toEqual(plain);
        // Nor is one moved to where the other could not open it.
        for (const record of sealed) expect(vault.needsReseal(record)).toBe(false);
      }
      return sealed.map(({ keyId }) => keyId);
    };
    await nodes[0].replace([k2, k1]);
    now += spreadMs - 1;
    expect(await sealedBy()).toEqual(['k1', 'k1']);
    await nodes[1].replace([k2, k1]);
    now += 1;
    expect(nodes.map(({ sealingId }) => sealingId)).toEqual(['k2', 'k1']);
    // Nothing says any more that k1 seals, but the node that is behind: the other refuses a list without it.
    const use = () =>
      useSealingKeys({ keys: nodes[0], vault: null, storage: { countSealed: () => Promise.resolve(new Map()) } }, [k2]);
    await expect(use()).rejects.toThrow(/lacks k1, which still seals, or did on a node minutes ago/);
    now += spreadMs;
    expect(await sealedBy()).toEqual(['k2', 'k2']);
    await use();
    expect(nodes[0].ids).toEqual(['k2']);
  });

  it('every password that is hashed is right on both', async () => {
    const pepperOf = (id: string): Pepper => ({ id, key: new Secret(randomBytes(32).toString('base64')) });
    const [p1, p2] = [pepperOf('p1'), pepperOf('p2')];
    const nodes = [new PasswordHasher([p1], timing), new PasswordHasher([p1], timing)] as const;
    await nodes[0].use([p2, p1]);
    const hash = await nodes[0].hash('nine grey ducks in a row');
    expect(hash).toMatch(/^p1:/);
    expect(await nodes[1].verify(hash, 'nine grey ducks in a row')).toBe(true);
    expect(nodes[0].isOutdated(hash)).toBe(false);
    now += spreadMs;
    expect(nodes[0].isOutdated(hash)).toBe(true);
    // One that waits in line is hashed with what it is said to be.
    const hashing = Array.from({ length: 4 }, () => nodes[0].hash('nine grey ducks in a row'));
    await nodes[0].use([p1]);
    const later = (await Promise.all(hashing)).at(-1)!;
    expect(later).toMatch(/^p2:/);
    await nodes[0].use([p2, p1]);
    expect(await nodes[0].verify(later, 'nine grey ducks in a row')).toBe(true);
    await expect(nodes[0].use([pepperOf('p2'), p1])).rejects.toThrow(/id p2 is another pepper's than before/);
    expect(await nodes[0].verify(later, 'nine grey ducks in a row')).toBe(true);
  });
});

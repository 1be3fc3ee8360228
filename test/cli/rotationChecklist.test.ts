import { readFileSync } from 'node:fs';
import path from 'node:path';
import { rotationChecklist, type RotationFacts } from '../../src/cli/rotationChecklist';

const none: RotationFacts = {
  credentialKeys: { newestId: 'k1', ids: ['k1'] },
  sealsItself: false,
  ownKeys: [],
  transitKeys: [],
  sealedRecords: new Map(),
  exchangeKeys: new Map(),
  apiKeys: 0,
  secondFactors: 0,
  hasVault: false,
  managedSecrets: [],
  environmentSecrets: [],
  hasPeppers: false,
  hasOwnDatabase: true,
  hasOwnerRole: false,
  hasRedis: true,
  hasMailServer: true,
};

function listOf(facts: Partial<RotationFacts>): string {
  return rotationChecklist({ ...none, ...facts })
    .map(({ what, command }) => `${what} ${command}`)
    .join('\n');
}

it('names what signs in to a secret manager, and what lies there, where there is one', () => {
  expect(listOf({})).not.toContain('secret manager');
  expect(listOf({ managedSecrets: ['DATABASE_URL', 'AUDIT_KEY'] })).toMatch(
    /^What signs in to the secret manager .* that holds DATABASE_URL, AUDIT_KEY: .*Revoke it there/m,
  );
});

it('names the keys of this server that still stand behind one of Vault: a thief of the settings has those', () => {
  const moved = { credentialKeys: { newestId: 't1:v1', ids: ['t1', 'k1'] }, ownKeys: ['k1'] };
  expect(listOf(moved)).toMatch(/^CREDENTIAL_KEYS holds k1 beside Vault's key: take that out .* copy of the database/m);
  expect(listOf({ ...moved, environmentSecrets: ['CREDENTIAL_KEYS'] })).toContain('restart every node');
  // Where one of them seals, another takes its place first.
  expect(listOf({ ownKeys: ['k0'], sealsItself: true })).not.toContain("beside Vault's key");
  expect(listOf({})).not.toContain('CREDENTIAL_KEYS holds');
});

it('asks for restarts for the sake of those secrets alone that stand in the environment', () => {
  const secrets = ['DATABASE_URL', 'REDIS_URL', 'SMTP_URL', 'PASSWORD_PEPPERS', 'CREDENTIAL_KEYS'];
  const facts = { sealsItself: true, hasPeppers: true };
  expect(listOf(facts)).not.toContain('restart every node');
  expect(listOf(facts).match(/takes it within a minute/g)).toHaveLength(secrets.length);
  for (const name of secrets) {
    const lines = listOf({ ...facts, environmentSecrets: [name] }).split('\n');
    const restarting = lines.filter((line) => line.includes('restart every node'));
    expect(restarting).toEqual([expect.stringContaining(name)]);
  }
});

it('has passwords chosen anew with peppers and without, where a copy is enough to guess at them', () => {
  expect(listOf({})).toMatch(/^Password hashes: without PASSWORD_PEPPERS .* user -- reset --email/m);
  expect(listOf({ hasPeppers: true })).toMatch(/^PASSWORD_PEPPERS: .* void each password.* user -- reset --email/m);
});

it('names a way to another password of Redis that there is in the containers, where no user may say ACL SETUSER', () => {
  const acl = readFileSync(path.resolve('docker/redis/users.acl'), 'utf8');
  expect(acl.match(/^user .*$/gm)).toEqual(['user default off', expect.not.stringMatching(/\+@|\+acl|allcommands/)]);
  const [step] = rotationChecklist(none).filter(({ what }) => what.startsWith('The password of Redis'));
  expect(step?.command).toMatch(
    /^scripts\/generate-secrets\.sh --rotate.* restart redis\. Where the Redis is your own: /,
  );
  expect(listOf({ hasRedis: false })).not.toContain('redis');
});

import { describePermissions, usualSettings } from '../../src/security/permissionMatrix';
import { subjects } from '../../src/security/subjects';
import { Command } from '../kit/command';

/** No settings at all: it asks neither a server nor a database. */
async function run(...args: string[]): Promise<Command> {
  const command = new Command('permissions', args, {});
  await command.ended;
  return command;
}

it('prints every cell for programs', async () => {
  const { status, stdout } = await run('--json');
  expect([status, JSON.parse(stdout)]).toEqual([0, describePermissions(subjects, usualSettings)]);
});

it('prints a line a field, with what a subject may', async () => {
  const { status, stdout } = await run('--subject', 'key_account_read');
  expect(status).toBe(0);
  expect(stdout).toMatch(/^ {2}accounts +own +20 +300 in 60 s +owners of accounts;.*API keys with ACCOUNT_READ$/m);
  expect(stdout).toMatch(/^ {2}createOrder +– +10 +1200 in 60 s +traders, on their own accounts;/m);
  expect(stdout).toMatch(/^ {2}login +✓ /m);
});

it('tells whom it can be asked about', async () => {
  const { status, stdout, stderr } = await run('--subject', 'nobody');
  expect([status, stdout]).toEqual([64, '']);
  for (const subject of subjects) expect(stderr).toContain(subject);
});

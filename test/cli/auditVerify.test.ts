import { createHmac, randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { Checkpointer } from '../../src/operations/checkpointer';
import { AuditHouse } from '../kit/auditHouse';
import { Command } from '../kit/command';
import { makeTemporaryDir } from '../kit/temporaryDir';

const temporary = makeTemporaryDir();
const file = path.join(temporary.dir, 'checkpoints.ndjson');
let house: AuditHouse;

beforeAll(async () => {
  house = await AuditHouse.open();
  await house.fill(50);
  const { storage, chain, runner } = house;
  await new Checkpointer({
    links: storage.auditLinks,
    chain,
    file,
    clock: Date.now,
    runner,
    onBroken: () => undefined,
  }).write();
});

afterAll(async () => {
  await house.stop();
  temporary.remove();
});

async function audit(args: readonly string[], settings: Readonly<Record<string, string>> = {}): Promise<Command> {
  const command = new Command('auditVerify', args, {
    DATABASE_URL: house.url,
    DATA_DIR: temporary.dir,
    AUDIT_KEY: house.keyText,
    AUDIT_CHECKPOINT_FILE: file,
    ...settings,
  });
  await command.ended;
  return command;
}

interface Line {
  readonly prevHash: string;
  readonly hash: string;
  readonly [field: string]: string | null;
}

/** As docs/AUDIT.md tells a stranger to do it. */
function isWhole(lines: readonly Line[], key: Buffer): boolean {
  let prev = createHmac('sha256', key).update('tickgate/audit/v1/genesis').digest('hex');
  return lines.every((line, index) => {
    const fields = ['seq', 'atUs', 'actor', 'action', 'target', 'outcome', 'ip', 'userAgent', 'before', 'after'];
    const entry = JSON.stringify(fields.map((field) => line[field]));
    const hash = createHmac('sha256', key).update(Buffer.from(prev, 'hex')).update(entry).digest('hex');
    const isGood = line.seq === String(index + 1) && line.prevHash === prev && line.hash === hash;
    prev = line.hash;
    return isGood;
  });
}

describe('audit:verify', () => {
  it('ends with 0 where the log is whole, and exports what a third party can verify with the key alone', async () => {
    const target = path.join(temporary.dir, 'export.ndjson');
    const command = await audit(['--export', target]);
    expect([command.status, command.stderr]).toEqual([0, '']);
    expect(command.stdout).toMatch(/^The audit log is whole: 50 entries\.\nSigned for up to entry 50, at /);
    const [, ...lines] = readFileSync(target, 'utf8').trimEnd().split('\n');
    const entries = lines.map((line) => JSON.parse(line) as Line);
    const key = Buffer.from(house.keyText, 'base64');
    expect([entries.length, isWhole(entries, key), isWhole(entries, randomBytes(32))]).toEqual([50, true, false]);
    const changed = entries.map((entry, index) => (index === 30 ? { ...entry, outcome: 'nothing' } : entry));
    expect(isWhole(changed, key)).toBe(false);
  });

  it('ends with 1 and names the place and what is wrong where it was tampered with', async () => {
    await house.operator.query('ALTER TABLE audit_entries DISABLE TRIGGER ALL');
    await house.operator.query(
      `UPDATE audit_entries SET outcome = 'nothing' WHERE number = (SELECT entry FROM audit_links WHERE seq = 31)`,
    );
    const command = await audit(['--export', '-']);
    await house.operator.query(
      `UPDATE audit_entries SET outcome = 'stored "é" 31' WHERE number = (SELECT entry FROM audit_links WHERE seq = 31)`,
    );
    await house.operator.query('ALTER TABLE audit_entries ENABLE ALWAYS TRIGGER audit_entries_append_only');
    expect(command.status).toBe(1);
    expect(command.stderr).toMatch(/TAMPERED WITH: entry 31 is not what was linked.*30 entries before it are good/);
    expect(command.stdout.trimEnd().split('\n')).toHaveLength(31);
  });

  it.each<[string, Readonly<Record<string, string>>, RegExp]>([
    ['another key', { AUDIT_KEY: randomBytes(32).toString('base64') }, /AUDIT_KEY is not the key/],
    ['no key at all', { AUDIT_KEY: '' }, /AUDIT_KEY/],
    ['what is no key', { AUDIT_KEY: 'hunter2' }, /AUDIT_KEY .*openssl rand -base64 32/],
  ])('ends with 78 under %s, and says so', async (_, settings, sentence) => {
    const command = await audit([], settings);
    expect(command.status).toBe(78);
    expect(command.stdout + command.stderr).toMatch(sentence);
    expect(command.stdout + command.stderr).not.toMatch(/hunter2|TAMPERED/);
  });
});

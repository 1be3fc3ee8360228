import { createWriteStream } from 'node:fs';
import { once } from 'node:events';
import type { Writable } from 'node:stream';
import { loadProcessConfig } from '../config/processConfig';
import { openAuditKey } from '../identity/openAuditKey';
import { AuditChain } from '../operations/auditChain';
import { AuditError } from '../operations/auditError';
import { exportHeader, exportLine } from '../operations/auditExport';
import { verifyAudit } from '../operations/auditVerification';
import { readCheckpoints, type Checkpoint } from '../operations/checkpointFile';
import { describeVerification, statusOf } from './auditReport';
import { runCommand, type OptionsOf } from './commandLine';
import { withRunningStorage } from './runningStorage';

const usage = `Verifies the whole audit log: every entry, their order, and the signed checkpoints. Changes nothing.

  npm run audit:verify
  npm run -s audit:verify -- --export FILE

  --export FILE        also writes every entry found good to FILE, a JSON object a line; - writes to standard output
  --checkpoints FILE   signed checkpoints, instead of AUDIT_CHECKPOINT_FILE; may be given for each node
  --public-key         prints the key that checkpoints are verified with, and nothing else
  --help               this text

Run it with the settings of a server; the database has to be up. docs/AUDIT.md tells what this proves and what not.

Exit status: 0 the log is whole, 1 it was tampered with, 78 AUDIT_KEY is missing or not the one of this log.
`;

const progressEvery = 100_000;

const known = {
  export: { type: 'string' },
  checkpoints: { type: 'string', multiple: true },
  'public-key': { type: 'boolean', default: false },
} as const;

async function run(options: OptionsOf<typeof known>): Promise<void> {
  const config = await loadProcessConfig();
  const { dataDir } = config;
  const chain = new AuditChain(
    openAuditKey({ key: config.audit.key, dataDir, mayGenerate: false, onProgress: () => undefined }),
  );
  if (options['public-key']) {
    process.stdout.write(chain.checkpointPublicKey);
    return;
  }
  const { checkpoints, foreign } = await readAll(options.checkpoints ?? [config.audit.checkpointFile], chain);
  await withRunningStorage(config, async ({ auditLinks: links }) => {
    const target = options.export === undefined ? null : await openTarget(options.export);
    await target?.write(exportHeader);
    const verification = await verifyAudit({
      chain,
      checkpoints,
      read: (after, limit) => links.after(after, limit),
      onProgress: (checked) => {
        if (checked > 0 && checked % progressEvery === 0) process.stderr.write(`${checked} entries …\n`);
      },
      ...(target === null ? {} : { onGood: (link) => target.write(exportLine(link)) }),
    });
    await target?.end();
    const report = { ...verification, checkpoints, foreignLines: foreign, waiting: await links.countPending() };
    // An export on standard output stands there alone.
    (options.export === '-' ? process.stderr : process.stdout).write(describeVerification(report));
    process.exitCode = statusOf(report);
  });
}

async function readAll(
  files: readonly string[],
  chain: AuditChain,
): Promise<{ readonly checkpoints: readonly Checkpoint[]; readonly foreign: number }> {
  const read = await Promise.all(files.map((file) => readCheckpoints(file, chain)));
  return {
    checkpoints: read.flatMap(({ checkpoints }) => checkpoints),
    foreign: read.reduce((sum, { foreignLines }) => sum + foreignLines.length, 0),
  };
}

interface ExportTarget {
  readonly write: (line: string) => Promise<void>;
  readonly end: () => Promise<void>;
}

/** Waits where what it writes to is slower than the database. Throws AuditError where the file cannot be written. */
async function openTarget(file: string): Promise<ExportTarget> {
  const stream: Writable = file === '-' ? process.stdout : createWriteStream(file, { mode: 0o600, flags: 'wx' });
  if (file !== '-')
    await once(stream, 'open').catch((cause: unknown) => {
      throw new AuditError(`${file} cannot be written: it may be there already.`, { cause });
    });
  return {
    write: async (line) => {
      if (!stream.write(`${line}\n`)) await once(stream, 'drain');
    },
    end: async () => {
      if (file === '-') return;
      stream.end();
      await once(stream, 'finish');
    },
  };
}

runCommand({ usage, options: known }, run);

import type { Config } from './config/config';
import { openAuditKey } from './identity/openAuditKey';
import { AuditChain } from './operations/auditChain';
import { AuditChainer } from './operations/auditChainer';
import { AuditLog } from './operations/auditLog';
import { Checkpointer } from './operations/checkpointer';
import type { Storage } from './storage/storage';
import type { ChainHead } from './storage/audit/auditRecords';
import type { BackgroundRunner } from './telemetry/backgroundRunner';
import type { Logger } from './telemetry/logger';

export interface AuditParts {
  readonly config: Config;
  readonly storage: Pick<Storage, 'auditEntries' | 'auditLinks'>;
  readonly clock: () => number;
  readonly logger: Logger;
  readonly runner: BackgroundRunner;
  readonly onProgress: (message: string) => void;
  /** What is started is pushed here, to be stopped in reverse. */
  readonly stops: (() => Promise<void>)[];
}

/**
 * Links what is written to the audit log, and signs how far it goes, until everything that writes has stopped.
 * Throws AuditError where the log was begun with another key, or checkpoints cannot be kept.
 */
export async function startAudit(parts: AuditParts): Promise<AuditLog> {
  const { config, storage, clock, logger, runner, stops } = parts;
  const { auditEntries: entries, auditLinks: links } = storage;
  const { checkpointFile } = config.audit;
  const key = openAuditKey({
    key: config.audit.key,
    dataDir: config.dataDir,
    mayGenerate: config.mode === 'development',
    onProgress: parts.onProgress,
  });
  const chain = new AuditChain(key);
  const onBroken = (known: ChainHead, found: ChainHead | null): void => {
    const alarm = { alarm: 'CRITICAL', knownSeq: known.seq, foundSeq: found?.seq ?? null };
    logger.fatal(alarm, 'the audit log is not what it was: verify it with npm run audit:verify');
  };
  const shared = { links, chain, runner, onBroken };
  const checkpointer = new Checkpointer({ ...shared, file: checkpointFile, clock });
  const chainer = new AuditChainer({
    ...shared,
    onGrown: (head) => {
      checkpointer.note(head);
    },
  });
  await chainer.start();
  stops.push(() => chainer.stop());
  await checkpointer.start();
  stops.push(() => checkpointer.stop());
  // Before the last checkpoint is signed, which is to be of all that was written.
  stops.push(() => chainer.flush());
  return new AuditLog({ entries, links, chain, checkpointFile });
}

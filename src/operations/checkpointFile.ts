import { open, readFile, type FileHandle } from 'node:fs/promises';
import path from 'node:path';
import type { ChainHead } from '../storage/audit/auditRecords';
import { makeFolders } from '../storage/makeFolders';
import { codeOf } from '../storage/storageError';
import type { AuditChain } from './auditChain';
import { AuditError } from './auditError';

/** Where the chain stood at a time, signed: what the database says later has to agree. */
export interface Checkpoint extends ChainHead {
  /** ISO-8601. */
  readonly at: string;
  readonly signature: string;
}

const ownerOnly = 0o600;

/** Appends a line, and returns once it is on the disk. Throws AuditError. */
export async function appendCheckpoint(file: string, checkpoint: Checkpoint): Promise<void> {
  try {
    makeFolders(path.dirname(file), 0o700);
    const handle = await open(file, 'a+', ownerOnly);
    try {
      // In a line of its own, whatever a crash has left of the one before.
      await handle.appendFile(`${(await endsCleanly(handle)) ? '' : '\n'}${JSON.stringify(checkpoint)}\n`);
      await handle.datasync();
    } finally {
      await handle.close();
    }
  } catch (error) {
    throw unusable(file, 'written', error);
  }
}

export interface ReadCheckpoints {
  /** In the order of the file. Empty where there is no file. */
  readonly checkpoints: readonly Checkpoint[];
  /** Lines, from 1, that this key has not signed: of another key, edited, or cut short by a crash. */
  readonly foreignLines: readonly number[];
}

/** Throws AuditError where there is a file that cannot be read. */
export async function readCheckpoints(file: string, chain: AuditChain): Promise<ReadCheckpoints> {
  const lines = (await readText(file)).split('\n').map((text, index) => ({ text, number: index + 1 }));
  const checkpoints: Checkpoint[] = [];
  const foreignLines: number[] = [];
  for (const { text, number } of lines.filter((line) => line.text !== '')) {
    const checkpoint = parse(text);
    if (checkpoint !== null && chain.isCheckpointOurs(checkpoint, checkpoint.at, checkpoint.signature))
      checkpoints.push(checkpoint);
    else foreignLines.push(number);
  }
  return { checkpoints, foreignLines };
}

async function readText(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return '';
    throw unusable(file, 'read', error);
  }
}

async function endsCleanly(handle: FileHandle): Promise<boolean> {
  const { size } = await handle.stat();
  if (size === 0) return true;
  const { buffer } = await handle.read(Buffer.alloc(1), 0, 1, size - 1);
  return buffer.toString() === '\n';
}

function parse(line: string): Checkpoint | null {
  try {
    const { seq, hash, at, signature } = JSON.parse(line) as Partial<Record<keyof Checkpoint, unknown>>;
    const isWhole =
      Number.isSafeInteger(seq) && typeof hash === 'string' && typeof at === 'string' && typeof signature === 'string';
    return isWhole ? { seq: seq as number, hash, at, signature } : null;
  } catch {
    return null;
  }
}

function unusable(file: string, verb: string, cause: unknown): AuditError {
  const reason = codeOf(cause) ?? 'unknown failure';
  return new AuditError(
    `The file of audit checkpoints ${file} cannot be ${verb} (${reason}): set AUDIT_CHECKPOINT_FILE to one that can.`,
    { cause },
  );
}

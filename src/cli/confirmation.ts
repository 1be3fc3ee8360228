import { createInterface } from 'node:readline/promises';
import { CommandError } from './commandError';

/** sysexits.h: not permitted. */
const refusedExitStatus = 77;

/** What cannot be taken back is done once somebody has said so: by --yes, or by typing a word at a terminal. Throws CommandError (77). */
export async function assertConfirmed({
  consequence,
  word,
  isConfirmed,
}: {
  /** A sentence. */
  readonly consequence: string;
  readonly word: string;
  /** --yes was given. */
  readonly isConfirmed: boolean;
}): Promise<void> {
  if (isConfirmed) return;
  if (!process.stdin.isTTY)
    throw new CommandError(`${consequence} Nothing was changed: say it again with --yes.`, refusedExitStatus);
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  // Ctrl-C and Ctrl-D are answers too.
  const answer = await terminal.question(`${consequence}\nType "${word}" to go on: `).catch(() => '');
  terminal.close();
  if (answer.trim() !== word) throw new CommandError('Nothing was changed.', refusedExitStatus);
}

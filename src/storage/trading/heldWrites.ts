import type { RunRows } from './runRows';

/** A statement that was held back until its transaction ends: it changes rows and gives none. */
export interface HeldWrite {
  /** Its values are numbered from `first` on. */
  readonly text: (first: number) => string;
  readonly values: readonly unknown[];
}

/**
 * All of them in one statement. None of them sees what another one writes, but for foreign keys: those are looked at when all is
 * written.
 */
export async function writeTogether(run: RunRows, writes: readonly HeldWrite[]): Promise<void> {
  if (writes.length === 0) return;
  const values: unknown[] = [];
  const parts = writes.map((write, index) => {
    const text = `held_${String(index)} AS (${write.text(values.length + 1)})`;
    values.push(...write.values);
    return text;
  });
  await run(`WITH ${parts.join(', ')} SELECT 1`, values);
}

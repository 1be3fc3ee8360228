import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { cpus } from 'node:os';

/** `USER_HZ`, the unit of /proc: 100 on every Linux that Node runs on. */
const ticksPerSecond = 100;

/** Where servers and the client run: a core each, where the machine has two and `taskset`. */
export const cores = { server: 0, client: 1 } as const;
const taskset = 'taskset';
export const isPinned = cpus().length > 1 && spawnSync(taskset, ['--version']).status === 0;

/** The words to put before a command so that it runs on one core. */
export function pinTo(core: number): readonly string[] {
  return isPinned ? [taskset, '--cpu-list', String(core)] : [];
}

/** Moves this process, so that it stays off the server's core. */
export function pinSelf(core: number): void {
  if (isPinned) spawnSync(taskset, ['--all-tasks', '--cpu-list', '--pid', String(core), String(process.pid)]);
}

export interface CpuReading {
  readonly atMs: number;
  /** Of all processes, stolen time included, in ticks; null where there is no /proc. */
  readonly busyTicks: number | null;
  readonly ownTicks: number;
}

export function readCpu(ownPids: readonly number[]): CpuReading {
  const atMs = performance.now();
  try {
    const [user = 0, nice = 0, system = 0, , , , , steal = 0] = (
      readFileSync('/proc/stat', 'utf8').split('\n')[0] ?? ''
    )
      .split(/\s+/)
      .slice(1)
      .map(Number);
    const ownTicks = ownPids.reduce((sum, pid) => sum + ticksOf(pid), 0);
    return { atMs, busyTicks: user + nice + system + steal, ownTicks };
  } catch {
    return { atMs, busyTicks: null, ownTicks: 0 };
  }
}

/** How much of one core processes that are not ours took between two readings; 0 where it is not known. */
export function shareOfOthers(before: CpuReading, after: CpuReading): number {
  if (before.busyTicks === null || after.busyTicks === null) return 0;
  const othersTicks = after.busyTicks - before.busyTicks - (after.ownTicks - before.ownTicks);
  return Math.max(0, othersTicks) / (((after.atMs - before.atMs) / 1000) * ticksPerSecond);
}

function ticksOf(pid: number): number {
  const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
  // The name of the process may hold blanks; what follows it does not. User and system time are fields 14 and 15.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return Number(fields[11]) + Number(fields[12]);
}

import type { ChildProcess } from 'node:child_process';

/**
 * The exit status of a child that was started `detached`: at the head of a group, because neither npm nor jest passes a signal on to what it
 * started. Null where it had not ended in time: then its group has been ended.
 */
export async function statusWithin(child: ChildProcess, timeoutMs: number): Promise<number | null> {
  // A group of its own does not hear of Ctrl-C.
  const endBoth = (signal: NodeJS.Signals): void => {
    endGroup(child);
    process.kill(process.pid, signal);
  };
  process.once('SIGINT', endBoth).once('SIGTERM', endBoth);
  let timer: NodeJS.Timeout | undefined;
  try {
    return await new Promise((resolve, reject) => {
      child.once('error', reject).once('close', resolve);
      timer = setTimeout(() => {
        endGroup(child);
        resolve(null);
      }, timeoutMs);
    });
  } finally {
    clearTimeout(timer);
    process.off('SIGINT', endBoth).off('SIGTERM', endBoth);
  }
}

function endGroup({ pid, stdout, stderr }: ChildProcess): void {
  try {
    if (pid !== undefined) process.kill(-pid, 'SIGKILL');
  } catch {
    // It has ended by itself, and what it left behind in another group holds on to its output.
  }
  for (const stream of [stdout, stderr]) stream?.destroy();
}

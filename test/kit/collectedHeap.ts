import { setTimeout as pause } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

/** The thread that gives Buffers back may wait for its turn on a busy machine: so many collections in a row, this far apart, must change nothing. */
const settledRounds = 5;
const pauseMs = 5;
/** What a collection must still change for another one to be made: less is the noise of the measuring itself. */
const settledBytes = 32_768;

/**
 * Bytes that are in use when everything that can be let go was: objects, and Buffers beside the heap. Those are given back by a thread of
 * their own, behind the collection that finds them: it is repeated until nothing changes any more.
 */
export async function collectedBytes(): Promise<number> {
  let bytes = Infinity;
  for (let rounds = 0, settled = 0; rounds < 100 && settled < settledRounds; rounds += 1) {
    collect();
    await pause(pauseMs);
    const { heapUsed, external } = process.memoryUsage();
    const before = bytes;
    bytes = heapUsed + external;
    settled = Math.abs(before - bytes) < settledBytes ? settled + 1 : 0;
  }
  return bytes;
}

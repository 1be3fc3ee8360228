import { setImmediate as turn } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

/** What a collection must still change for another one to be made: less is the noise of the measuring itself. */
const settledBytes = 32_768;

/**
 * Bytes that are in use when everything that can be let go was: objects, and Buffers beside the heap. Those are given back by a thread of
 * their own, behind the collection that finds them: it is repeated until nothing changes any more.
 */
export async function collectedBytes(): Promise<number> {
  let bytes = Infinity;
  for (let rounds = 0; rounds < 20; rounds += 1) {
    collect();
    await turn();
    const { heapUsed, external } = process.memoryUsage();
    const before = bytes;
    bytes = heapUsed + external;
    if (Math.abs(before - bytes) < settledBytes) break;
  }
  return bytes;
}

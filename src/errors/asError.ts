import { inspect } from 'node:util';

/** What was thrown, as an error. JavaScript throws anything; whoever expects an error would take text for an answer, or fail on it themselves. */
export function asError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(`thrown, and no error: ${inspect(thrown, { depth: 2 })}`);
}

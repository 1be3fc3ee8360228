/** What was thrown, as an error. JavaScript throws anything; whoever expects an error would take text for an answer, or fail on it themselves. */
export function asError(thrown: unknown): Error {
  if (thrown instanceof Error) return thrown;
  // Of an object the names alone: the message is written to the log, and what it holds may be of a person.
  const what = typeof thrown === 'object' && thrown !== null ? `{ ${Object.keys(thrown).join(', ')} }` : String(thrown);
  return new Error(`thrown, and no error: ${what}`);
}

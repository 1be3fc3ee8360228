/** A recording that cannot be played, with a sentence that says why. */
export class RecordingError extends Error {
  constructor(message: string, cause?: unknown) {
    super(cause instanceof Error ? `${message}: ${cause.message}.` : `${message}.`, { cause });
    this.name = 'RecordingError';
  }
}

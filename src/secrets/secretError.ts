/** `missing`: it is not there. `refused`: we may not read it. `unavailable`: nobody knows; it may be there the next time. */
export type SecretFailure = 'missing' | 'refused' | 'unavailable';

/** A secret cannot be read. The message completes "… cannot be read:", and holds nothing of any secret. */
export class SecretError extends Error {
  constructor(
    readonly failure: SecretFailure,
    message: string,
  ) {
    super(message);
    this.name = 'SecretError';
  }
}

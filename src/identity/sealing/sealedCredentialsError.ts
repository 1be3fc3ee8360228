/** A sealed record does not open: wrong key, another's record, changed bytes. It has no cause and tells nothing more, on purpose. */
export class SealedCredentialsError extends Error {
  constructor() {
    super('The sealed credentials cannot be opened.');
    this.name = 'SealedCredentialsError';
  }
}

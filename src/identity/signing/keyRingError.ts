/** The ring of signing keys cannot be gone by now. It says nothing of a token: whoever asks may ask again. */
export class KeyRingError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'KeyRingError';
  }
}

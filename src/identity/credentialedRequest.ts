/** What credentials came with: what they may be held to, and what a signature may be over. */
export interface CredentialedRequest {
  /** Where it came from (`plainAddress`). */
  readonly ip: string;
  readonly method: string;
  readonly path: string;
  /** By their names in lower case; of a WebSocket, what its payload gives in their place. */
  readonly headers: Readonly<Record<string, unknown>>;
  /** The bytes that came; null where there can be none. */
  readonly body: Buffer | null;
}

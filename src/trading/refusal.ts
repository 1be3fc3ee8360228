/** Why something was not done, in words that a client may read and a code that does not change. */
export interface Refusal {
  readonly code: string;
  readonly message: string;
  /** The input's field that is to be changed, where one is. */
  readonly path: readonly string[] | null;
}

export function refuse(code: string, message: string, path: readonly string[] | null = null): Refusal {
  return { code, message, path };
}

import type { SecretReference } from './secretReference';

export type ReferenceTo<Manager extends SecretReference['manager']> = Extract<
  SecretReference,
  { readonly manager: Manager }
>;

/** Reads secrets from one manager. No connection of its keeps a process alive. */
export interface SecretManager<Manager extends SecretReference['manager']> {
  /** The value as it is now. Throws SecretError. */
  read(reference: ReferenceTo<Manager>): Promise<string>;
}

/** For one question; whoever starts, or follows, asks again. */
export const answerWithinMs = 5_000;

import type { SecretReference } from './secretReference';

export type ReferenceTo<Manager extends SecretReference['manager']> = Extract<
  SecretReference,
  { readonly manager: Manager }
>;

/** Reads secrets from one manager, over connections of its own. */
export interface SecretManager<Manager extends SecretReference['manager']> {
  /** The value as it is now. Throws SecretError. */
  read(reference: ReferenceTo<Manager>): Promise<string>;
  close(): void;
}

/** For one question; whoever starts, or follows, asks again. */
export const answerWithinMs = 5_000;

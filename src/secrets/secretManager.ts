import type { SecretReference } from './secretReference';

export type ReferenceTo<Manager extends SecretReference['manager']> = Extract<
  SecretReference,
  { readonly manager: Manager }
>;

/** A secret as a manager keeps it. changedAt: since when this is its value, in ms; null where that is not told. */
export interface KeptSecret {
  readonly text: string;
  readonly changedAt: number | null;
}

/** Reads secrets from one manager. No connection of its keeps a process alive. */
export interface SecretManager<Manager extends SecretReference['manager']> {
  /** The value as it is now. Throws SecretError. */
  read(reference: ReferenceTo<Manager>): Promise<KeptSecret>;
}

/** A time as managers tell it: a Date, or a text as of RFC 3339. */
export function timeOf(told: unknown): number | null {
  const time = told instanceof Date ? told.getTime() : typeof told === 'string' ? Date.parse(told) : NaN;
  return Number.isFinite(time) ? time : null;
}

/** For one question; whoever starts, or follows, asks again. */
export const answerWithinMs = 5_000;

import type { JudgedEntry } from '../securityCalendar';
import type { OutsideView } from './outsideView';

/** Where a secret that is set came from. */
export interface SecretPlace {
  readonly name: string;
  readonly place: string;
  /** Of a file: its permission bits; null where it is none. */
  readonly fileMode: number | null;
}

/** Null where nobody tells. */
export interface SecretAge {
  readonly name: string;
  readonly ageDays: number | null;
  readonly isOverdue: boolean | null;
}

/** What a running server knows of itself, asked anew each time. */
export interface SecurityFacts {
  readonly mode: 'development' | 'production';
  /** Null where nobody can tell. */
  readonly machine: string | null;
  /** Whom the process runs as; null where the system has no such numbers. */
  readonly userId: number | null;
  /** With the files as they are now. Throws FactUnseen where one is gone. */
  readonly secrets: () => readonly SecretPlace[];
  /** Since when each has its value, as far as that is known. */
  readonly secretAges: () => readonly SecretAge[];
  readonly corsOrigins: readonly string[];
  /** Whether a page of this origin would be let in. */
  readonly letsIn: (origin: string) => boolean;
  /** Headers of every answer, by name in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  /** Root fields that whoever is not signed in may use. */
  readonly openFields: readonly string[];
  readonly signingKey: () => Promise<SigningKeyFacts | null>;
  /** Calls that a limit of `max` let pass when it was asked `asked` times at once. */
  readonly tryLimit: () => Promise<{ readonly asked: number; readonly max: number; readonly passed: number }>;
  readonly database: () => Promise<{ readonly isEncrypted: boolean; readonly isLocal: boolean }>;
  /** How the world sees this server; null where it is not said where that is (PUBLIC_URL). */
  readonly outside: () => Promise<OutsideView | null>;
  /** What people wrote down of a line of the checklists. Throws CalendarError where that cannot be read. */
  readonly records: (line: string) => readonly JudgedEntry[];
}

export interface SigningKeyFacts {
  readonly kid: string;
  readonly algorithm: string;
  readonly bits: number;
  readonly ageDays: number;
  /** 0: it is replaced by hand. */
  readonly maxAgeDays: number;
}

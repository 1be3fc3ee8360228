import { statSync } from 'node:fs';
import type { HealthState } from '../telemetry/health';

/** A secret that is set. */
export interface AgingSecret {
  /** Of the setting. */
  readonly name: string;
  readonly place: 'environment' | 'file' | 'manager';
  /** Null where it is none. */
  readonly file: string | null;
  /** False of one that is kept for as long as what it began lasts. */
  readonly isReplaced: boolean;
}

/** Since when a secret has its value, as far as that is known. */
export interface SecretAge extends Pick<AgingSecret, 'name' | 'place'> {
  /** As of RFC 3339; null where nobody tells. */
  readonly changedAt: string | null;
  readonly ageDays: number | null;
  /** Null where nobody tells, and it could be. */
  readonly isOverdue: boolean | null;
}

const dayMs = 86_400_000;

/**
 * For how long each secret has had its value: as its manager says of the version, or by the time of its file; of what stands in the
 * environment nobody knows. One that was left alone for too long is told, and nothing else becomes of it.
 */
export class SecretAges {
  readonly #changedAt: Map<string, number | null>;

  constructor(
    private readonly parts: {
      readonly secrets: readonly AgingSecret[];
      /** By name; of those that are not among them the file is asked each time. */
      readonly changedAt: ReadonlyMap<string, number | null>;
      /** 0: none is too old. */
      readonly maxAgeDays: number;
      readonly clock: () => number;
    },
  ) {
    this.#changedAt = new Map(parts.changedAt);
  }

  /** Another value is in use. */
  note(name: string, changedAt: number | null): void {
    this.#changedAt.set(name, changedAt);
  }

  read(): readonly SecretAge[] {
    const { secrets, maxAgeDays, clock } = this.parts;
    return secrets.map(({ name, place, file, isReplaced }) => {
      const changedAt = this.#changedAt.has(name) ? (this.#changedAt.get(name) ?? null) : timeOfFile(file);
      const mayBeOverdue = isReplaced && maxAgeDays > 0;
      if (changedAt === null)
        return { name, place, changedAt: null, ageDays: null, isOverdue: mayBeOverdue ? null : false };
      const ageDays = Math.max(0, Math.floor((clock() - changedAt) / dayMs));
      const isOverdue = mayBeOverdue && ageDays > maxAgeDays;
      return { name, place, changedAt: new Date(changedAt).toISOString(), ageDays, isOverdue };
    });
  }

  check(): HealthState {
    const ages = this.read();
    const overdue = ages.filter(({ isOverdue }) => isOverdue);
    const told = overdue.length > 0 ? overdue : ages;
    const texts = told.map(({ name, ageDays }) => `${name}: ${ageDays === null ? 'unknown' : `${ageDays} days`}`);
    const detail =
      overdue.length > 0
        ? `replace what is older than ${this.parts.maxAgeDays} days (docs/SECRETS.md): ${texts.join(', ')}`
        : texts.join(', ') || 'none is set';
    return { name: 'age of secrets', healthy: overdue.length === 0, detail, facts: ages };
  }
}

/** A file that is away is none of this: whoever reads it says so. */
function timeOfFile(file: string | null): number | null {
  try {
    return file === null ? null : statSync(file).mtimeMs;
  } catch {
    return null;
  }
}

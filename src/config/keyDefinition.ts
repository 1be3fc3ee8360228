import type { ValueType } from './valueTypes';

/** One setting. What is left out: no unit, the same default in production, not required, not secret. */
export interface KeyDefinition {
  readonly type: ValueType<unknown>;
  readonly unit?: string;
  /** As text, as it would stand in the environment; null where the setting may be absent. */
  readonly default: string | null;
  readonly defaultInProduction?: string;
  /** Then no default holds in production: someone has to decide. */
  readonly requiredInProduction?: true;
  /** Never printed, and refused in the configuration files, which are committed. */
  readonly secret?: true;
  /** A secret that managers of secrets are opened with: it cannot come from one. */
  readonly opensManager?: true;
  /** A secret whose place no other value takes while what it began lasts. */
  readonly isKept?: true;
  /** Where a password stands in it, which production judges. minBits: 0 where others than the operator choose it. */
  readonly holdsPassword?: { readonly in: 'url' | 'text'; readonly minBits: number };
  readonly description: string;
}

export type Mode = 'development' | 'production';

/** The default that holds in a mode, or null where there is none. */
export function defaultOf(definition: KeyDefinition, mode: Mode): string | null {
  if (mode === 'development') return definition.default;
  return definition.requiredInProduction ? null : (definition.defaultInProduction ?? definition.default);
}

import type { Rig } from '../rig';
import type { ServerKind } from '../server/serverKind';
import type { Quartiles } from '../statistics';

/** How much is measured: the whole, or enough to tune by. */
export interface Effort {
  readonly isQuick: boolean;
  readonly windowMs: number;
  readonly rounds: number;
  readonly warmUpMs: number;
}

export interface RowContext {
  readonly rig: Rig;
  readonly effort: Effort;
  readonly tell: (progress: string) => void;
}

/** A number that the project has set itself a goal for: at most that much. */
export interface Figure {
  readonly row: string;
  readonly name: string;
  readonly unit: string;
  readonly goal: number | null;
  readonly stretch: number | null;
  readonly measured: Quartiles | null;
}

/** Server CPU per message under one load, to another server's in the same round. */
export interface Comparison {
  readonly load: string;
  readonly baseline: ServerKind;
  /** What CPU is counted for. */
  readonly unit: 'message' | 'connection';
  readonly servers: readonly {
    readonly kind: ServerKind;
    readonly ratio: Quartiles;
    readonly cpuUsPerMessage: Quartiles;
  }[];
}

export interface RowResult {
  readonly figures: readonly Figure[];
  readonly comparisons: readonly Comparison[];
  readonly notes: readonly string[];
}

export interface Row {
  /** The rows of the table that it fills. */
  readonly ids: readonly string[];
  readonly title: string;
  readonly run: (context: RowContext) => Promise<RowResult>;
}

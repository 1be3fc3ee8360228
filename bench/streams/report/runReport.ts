import type { Effort, RowResult } from '../rows/row';

/** All that a run has found out. */
export interface RunReport {
  readonly results: readonly RowResult[];
  readonly command: string;
  /** ISO-8601, the day. */
  readonly date: string;
  readonly tookS: number;
  readonly isPinned: boolean;
  readonly effort: Effort;
  readonly windows: number;
  readonly disturbedWindows: number;
  readonly raisedLimits: Readonly<Record<string, number>>;
}

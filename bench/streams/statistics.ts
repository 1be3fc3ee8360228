export interface Quartiles {
  readonly lower: number;
  readonly median: number;
  readonly upper: number;
  readonly count: number;
  /** Counted among them is what was measured while other processes were busy. */
  readonly isDisturbed?: boolean;
}

/** Median and quartiles, interpolated; null of no values. */
export function quartilesOf(values: readonly number[]): Quartiles | null {
  if (values.length === 0) return null;
  const sorted = [...values].sort((a, b) => a - b);
  return { lower: at(sorted, 0.25), median: at(sorted, 0.5), upper: at(sorted, 0.75), count: sorted.length };
}

function at(sorted: readonly number[], share: number): number {
  const position = (sorted.length - 1) * share;
  const below = sorted[Math.floor(position)] ?? Number.NaN;
  const above = sorted[Math.ceil(position)] ?? Number.NaN;
  return below + (above - below) * (position - Math.floor(position));
}

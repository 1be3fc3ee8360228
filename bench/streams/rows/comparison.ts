import type { Rounds } from '../rounds';
import type { ServerKind } from '../server/serverKind';
import type { Comparison } from './row';

export interface ComparisonParts {
  readonly load: string;
  readonly kinds: readonly ServerKind[];
  readonly unit?: Comparison['unit'];
}

/** All servers to the first of them. */
export function toComparison(rounds: Rounds, { load, kinds, unit = 'message' }: ComparisonParts): Comparison {
  const baseline = kinds[0] ?? 'raw';
  const servers = kinds.flatMap((kind) => {
    const ratio = rounds.ratio(kind, baseline);
    const cpuUsPerMessage = rounds.of(kind, (window) => window.cpuUsPerMessage);
    return ratio === null || cpuUsPerMessage === null ? [] : [{ kind, ratio, cpuUsPerMessage }];
  });
  return { load, baseline, unit, servers };
}

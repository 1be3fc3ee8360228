import type { Window } from './rig';
import type { ServerKind } from './server/serverKind';
import { quartilesOf, type Quartiles } from './statistics';

/** Fewer undisturbed pairs than this, and disturbed ones are counted too. */
const leastPairs = 3;

interface Pair {
  readonly own: Window;
  readonly other: Window;
}

export interface RoundsParts {
  readonly kinds: readonly ServerKind[];
  /** Those whose windows are long take part in every third round. */
  readonly seldom: ReadonlySet<ServerKind>;
  readonly rounds: number;
  readonly runWindow: (kind: ServerKind) => Promise<Window>;
  readonly onRound: (round: number) => void;
}

/** Windows of several servers, taken in turn, so that a slow moment of the machine meets all alike. */
export class Rounds {
  readonly #rounds: ReadonlyMap<ServerKind, Window>[] = [];

  static async run(parts: RoundsParts): Promise<Rounds> {
    const result = new Rounds();
    for (let round = 0; round < parts.rounds; round += 1) {
      parts.onRound(round);
      const windows = new Map<ServerKind, Window>();
      // Another one first each time: what follows a slow server is not always the same.
      const first = round % parts.kinds.length;
      for (const kind of [...parts.kinds.slice(first), ...parts.kinds.slice(0, first)]) {
        if (round % 3 === 0 || !parts.seldom.has(kind)) windows.set(kind, await parts.runWindow(kind));
      }
      result.#rounds.push(windows);
    }
    return result;
  }

  /** One number of each undisturbed window of a server. */
  of(kind: ServerKind, read: (window: Window) => number): Quartiles | null {
    const windows = this.#rounds.map((round) => round.get(kind)).filter((window) => window !== undefined);
    return quietQuartiles(windows, ({ isQuiet }) => isQuiet, read);
  }

  /** CPU per message of one server to another's, pair by pair of one round. */
  ratio(kind: ServerKind, baseline: ServerKind): Quartiles | null {
    return this.compare(kind, baseline, (own, other) => own.cpuUsPerMessage / other.cpuUsPerMessage);
  }

  compare(kind: ServerKind, baseline: ServerKind, read: (own: Window, other: Window) => number): Quartiles | null {
    const pairs = this.#rounds.flatMap((round): readonly Pair[] => {
      const own = round.get(kind);
      const other = round.get(baseline);
      return own === undefined || other === undefined ? [] : [{ own, other }];
    });
    const isQuiet = (pair: Pair): boolean => pair.own.isQuiet && pair.other.isQuiet;
    return quietQuartiles(pairs, isQuiet, (pair) => read(pair.own, pair.other));
  }
}

function quietQuartiles<Sample>(
  samples: readonly Sample[],
  isQuiet: (sample: Sample) => boolean,
  read: (sample: Sample) => number,
): Quartiles | null {
  const quiet = samples.filter(isQuiet);
  if (quiet.length >= leastPairs) return quartilesOf(quiet.map(read));
  const all = quartilesOf(samples.map(read));
  return all === null ? null : { ...all, isDisturbed: quiet.length < samples.length };
}

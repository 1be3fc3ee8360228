import type { Readers } from '../rig';
import { Rounds } from '../rounds';
import { serverNames, type ServerKind } from '../server/serverKind';
import { toComparison } from './comparison';
import type { Comparison, RowContext } from './row';

export interface BurstLoad extends Readers {
  readonly title: string;
  readonly kinds: readonly ServerKind[];
}

/** Servers that need seconds for what others do in half of one. */
const slowServers: ReadonlySet<ServerKind> = new Set([
  'tickgateUnshared',
  'graphqlWs',
  'graphqlWsGuarded',
  'mercurius',
] satisfies ServerKind[]);

/** Closed loop: all servers up, connected and warm, then windows in turn. */
export async function compareInBursts(
  { rig, effort, tell }: RowContext,
  load: BurstLoad,
): Promise<{ readonly rounds: Rounds; readonly comparison: Comparison; readonly note: string }> {
  let frameBytes = 0;
  for (const kind of load.kinds) {
    tell(`${load.title}: connecting to ${serverNames[kind]}`);
    frameBytes = await rig.connect(kind, load);
  }
  for (const kind of load.kinds) {
    tell(`${load.title}: warming ${serverNames[kind]}`);
    await rig.closedLoop(kind, effort.warmUpMs);
  }
  const rounds = await Rounds.run({
    kinds: load.kinds,
    // The first is what the others are compared with: it is in every round.
    seldom: new Set(load.kinds.slice(1).filter((kind) => slowServers.has(kind))),
    rounds: effort.rounds,
    runWindow: (kind) => rig.closedLoop(kind, effort.windowMs),
    onRound: (round) => {
      tell(`${load.title}: round ${round + 1} of ${effort.rounds}`);
    },
  });
  for (const kind of load.kinds) await rig.disconnect(kind);
  return {
    rounds,
    comparison: toComparison(rounds, { load: load.title, kinds: load.kinds }),
    note: `${load.title}: ${frameBytes} bytes of JSON a message`,
  };
}

import { answerCalls } from '../processes/answerCalls';
import type { ClientCalls } from '../processes/calls';
import type { ServerKind } from '../server/serverKind';
import { runClosedLoop } from './closedLoop';
import { runOpenLoop } from './openLoop';
import { ReaderGroup } from './readerGroup';
import { Schedule } from './schedule';

/** All readers of all servers, in a process of its own. */
interface Readers {
  readonly group: ReaderGroup;
  readonly schedule: Schedule;
}

const groups = new Map<ServerKind, Readers>();

function readersOf(kind: ServerKind): Readers {
  const readers = groups.get(kind);
  if (readers === undefined) throw new Error(`nobody is connected to ${kind}`);
  return readers;
}

answerCalls<ClientCalls>({
  connect(order) {
    const group = new ReaderGroup(order);
    groups.set(order.kind, { group, schedule: new Schedule() });
    return group.open();
  },
  disconnect(kind) {
    groups.get(kind)?.group.end();
    groups.delete(kind);
    return null;
  },
  closedLoop: ({ kind, durationMs }) => runClosedLoop(readersOf(kind).group, durationMs),
  openLoop: (order) => runOpenLoop(readersOf(order.kind), order),
  stall({ kind, readers }) {
    readersOf(kind).group.stall(readers);
    return null;
  },
});

/** Never sleeps: the kernel would count the waking of a sleeping client as the server's work. */
const spin = (): void => {
  setImmediate(spin);
};
spin();

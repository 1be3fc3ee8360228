import { closeCodes } from './closeCodes';
import type { Connection } from './connection';

export interface SocketSweepParts {
  readonly connections: Iterable<Connection>;
  readonly clock: () => number;
  readonly caps: {
    readonly initTimeoutMs: number;
    readonly sweepIntervalMs: number;
    readonly keepAliveIntervalMs: number;
    readonly maxMissedPings: number;
    readonly creditTimeoutMs: number;
    readonly maxBufferedBytes: number;
  };
  /** How far a reader may fall behind of whom nothing is left out. */
  readonly maxBehindMs: number;
  readonly onCapHit: (cap: 'initTimeout' | 'slowReader' | 'backlog') => void;
}

/** Looks at the age of everything that may only grow so old, for all sockets on one timer. Returns what stops it. */
export function startSocketSweep(parts: SocketSweepParts): () => void {
  let nextPingAt = parts.clock() + parts.caps.keepAliveIntervalMs;
  const timer = setInterval(() => {
    const now = parts.clock();
    const isPingDue = now >= nextPingAt;
    if (isPingDue) nextPingAt = now + parts.caps.keepAliveIntervalMs;
    for (const connection of [...parts.connections]) {
      if (!connection.isClosing) look(connection, now, parts);
      if (isPingDue && !connection.isClosing) keepAlive(connection, parts.caps.maxMissedPings);
    }
  }, parts.caps.sweepIntervalMs);
  return () => {
    clearInterval(timer);
  };
}

function look(connection: Connection, now: number, { caps, maxBehindMs, onCapHit }: SocketSweepParts): void {
  const { identity, openedAt, reader } = connection;
  if (identity === null) {
    if (now - openedAt < caps.initTimeoutMs) return;
    onCapHit('initTimeout');
    connection.close(closeCodes.initTimeout);
    return;
  }
  if (connection.isExpiredAt(now)) {
    connection.close(closeCodes.tokenExpired);
    return;
  }
  if (connection.backlog > caps.maxBufferedBytes) {
    onCapHit('backlog');
    connection.close(closeCodes.slowReader);
    return;
  }
  const { slowSince } = reader;
  if (slowSince === null) return;
  const isKeptWaiting = (): boolean => connection.operations.list().some((operation) => operation.isKeptWaiting);
  if (now - slowSince < caps.creditTimeoutMs && (now - slowSince < maxBehindMs || !isKeptWaiting())) return;
  onCapHit('slowReader');
  connection.close(closeCodes.slowReader);
}

/** Whoever has given no sign of life for several pings is gone: a connection that died without a word, or a reader that has stopped for good. */
function keepAlive(connection: Connection, maxMissedPings: number): void {
  if (connection.missedPings >= maxMissedPings) connection.terminate();
  else connection.ping();
}

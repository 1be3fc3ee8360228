import type { Duplex } from 'node:stream';
import { parseMessage, type Message, type Server } from 'graphql-ws';
import type { RawData, WebSocket } from 'ws';
import { rateKeyOf } from '../security/authentication';
import type { Logger } from '../telemetry/logger';
import type { Metrics } from '../telemetry/metrics';
import { closeCodes } from './closeCodes';
import { Connection } from './connection';
import type { Connections } from './connections';
import type { Flusher } from './flusher';
import { MessageQuota } from './messageQuota';
import { ReaderSocket } from './readerSocket';
import type { SocketCaps } from './socketCaps';
import type { SocketIdentity } from './socketIdentity';
import type { SocketOperations } from './socketOperations';
import type { ProtocolExtra } from './socketProtocol';

export interface SocketSessionParts {
  readonly protocol: Server<ProtocolExtra>;
  readonly connections: Connections;
  readonly operations: SocketOperations;
  readonly identity: SocketIdentity;
  readonly flusher: Flusher;
  readonly caps: SocketCaps;
  readonly clock: () => number;
  readonly logger: Logger;
  readonly metrics: Metrics;
}

type OpenSession = (socket: WebSocket, stream: Duplex, address: string) => void;

/** One socket from its opening to its end: messages come in, shared streams are answered here, graphql-ws does the rest. */
export function createSocketSession(parts: SocketSessionParts): OpenSession {
  const { protocol, connections, flusher, caps, clock, logger, metrics } = parts;
  return (socket, stream, address) => {
    metrics.sockets.inc();
    const { creditBytes, maxOpenCredits, closeTimeoutMs } = caps;
    const connection = new Connection({
      socket,
      reader: new ReaderSocket({ socket, stream, flusher, clock, creditBytes, maxOpenCredits }),
      addressKey: rateKeyOf(null, address),
      openedAt: clock(),
      closeTimeoutMs,
    });
    // ws tells here of a broken frame or a payload over the limit, and closes the socket with the right code by itself.
    socket.on('error', (error) => {
      if ('code' in error && error.code === 'WS_ERR_UNSUPPORTED_MESSAGE_LENGTH') {
        metrics.socketCapHits.inc({ cap: 'payload' });
      }
      logger.debug({ err: error }, 'socket error');
    });
    const cap = connections.add(connection);
    const closed = cap === null ? converse(connection, { socket, protocol }, parts) : null;
    if (cap !== null) {
      metrics.socketCapHits.inc({ cap });
      connection.close(closeCodes.tooManySockets);
    }
    socket.once('close', (code, reason) => {
      metrics.sockets.dec();
      metrics.socketCloses.inc({ code: String(code) });
      connections.remove(connection);
      connection.stopOperations();
      closed?.(code, reason.toString()).catch((error: unknown) => {
        logger.error({ err: error }, 'a socket could not be ended in order');
      });
    });
  };
}

type Closed = (code: number, reason: string) => Promise<void>;

function converse(
  connection: Connection,
  { socket, protocol }: { readonly socket: WebSocket; readonly protocol: Server<ProtocolExtra> },
  parts: SocketSessionParts,
): Closed {
  const quota = new MessageQuota();
  const pass = { handle: (_data: string): Promise<void> => Promise.resolve() };
  const closed = protocol.opened(
    {
      protocol: socket.protocol,
      // Resolves when the kernel has it: a stream of one reader is asked for its next event only then, and its mailbox conflates meanwhile.
      send: (data) => sendText(socket, data),
      close: (code, reason) => {
        connection.close({ code: code ?? closeCodes.internal.code, reason: reason ?? '' });
      },
      onMessage: (handle) => {
        pass.handle = handle;
      },
      onPing: (payload) => sendText(socket, answerPing(connection, payload, parts)),
    },
    { connection },
  );
  const onFault = (error: unknown): void => {
    if (isForeignMessage(error)) {
      connection.close(closeCodes.badMessage);
      return;
    }
    parts.logger.error({ err: error }, 'a message of a socket failed');
    connection.close(closeCodes.internal);
  };
  const isAlive = (): void => {
    connection.missedPings = 0;
  };
  socket.on('pong', isAlive);
  socket.on('message', (data: RawData) => {
    isAlive();
    const text = (data as Buffer).toString();
    const message = read(text);
    if (message?.type === 'pong' && connection.reader.takeCredit()) return;
    if (isOver(connection, { socket, quota }, parts)) return;
    if (message === null || !isAnswered(connection, message, parts)) pass.handle(text).catch(onFault);
  });
  return closed;
}

/** Null for what is no message of the protocol: graphql-ws says so. */
function read(text: string): Message | null {
  try {
    return parseMessage(text);
  } catch {
    return null;
  }
}

/** True where the message ends the socket. */
function isOver(
  connection: Connection,
  { socket, quota }: { readonly socket: WebSocket; readonly quota: MessageQuota },
  { caps, clock, metrics }: SocketSessionParts,
): boolean {
  if (quota.take(clock(), caps.maxMessagesPerMinute)) {
    metrics.socketCapHits.inc({ cap: 'messagesPerMinute' });
    connection.close(closeCodes.tooManyMessages);
    return true;
  }
  if (socket.bufferedAmount > caps.maxBufferedBytes) {
    metrics.socketCapHits.inc({ cap: 'backlog' });
    connection.close(closeCodes.slowReader);
    return true;
  }
  return false;
}

/** Before `connection_init` was acknowledged, everything is graphql-ws's to refuse. */
function isAnswered(connection: Connection, message: Message, { operations }: SocketSessionParts): boolean {
  if (connection.protocol?.acknowledged !== true) return false;
  if (message.type === 'subscribe') return operations.subscribe(connection, message);
  return message.type === 'complete' && operations.complete(connection, message.id);
}

/** A `ping` may bring a fresh token. Nothing else of its payload comes back: what is echoed to someone who does not read is kept for him. */
function answerPing(connection: Connection, payload: unknown, { identity }: SocketSessionParts): string {
  const authorization =
    typeof payload === 'object' && payload !== null && 'authorization' in payload ? payload.authorization : null;
  if (authorization === null) return '{"type":"pong"}';
  const principal = identity.refresh(connection, authorization);
  if (principal === null) return '';
  return JSON.stringify({ type: 'pong', payload: { expiresAt: new Date(principal.expiresAt).toISOString() } });
}

/** graphql-ws's complaint about a message that only a server sends. */
function isForeignMessage(error: unknown): boolean {
  return error instanceof Error && error.message.startsWith('Unexpected message of type');
}

function sendText(socket: WebSocket, data: string): Promise<void> {
  return new Promise((resolve, reject) => {
    if (socket.readyState !== socket.OPEN) {
      resolve();
      return;
    }
    // A socket that closed meanwhile is not a fault: its streams end by the close itself.
    socket.send(data, (error) => {
      if (error && socket.readyState === socket.OPEN) reject(error);
      else resolve();
    });
  });
}

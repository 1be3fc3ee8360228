import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';
import { GRAPHQL_TRANSPORT_WS_PROTOCOL, makeServer } from 'graphql-ws';
import { WebSocketServer, type RawData, type WebSocket } from 'ws';
import { limits } from '../security/limits';
import { isOriginAllowed } from '../security/originPolicy';
import { closeCodes, type CloseReason } from './closeCodes';
import { createSocketHandlers, type Connection, type SocketHandlerParts } from './socketHandlers';

const { socket: socketLimits } = limits;
const minuteMs = 60_000;
const pong = '{"type":"pong"}';

export type SocketServerParts = SocketHandlerParts & { readonly corsOrigins: readonly string[] };

export interface SocketServer {
  /** Closes every socket with 1012, so that clients come back to the next process; resolves when all are gone. */
  close(): Promise<void>;
}

/**
 * graphql-transport-ws at /graphql of an HTTP server. The order of protection, from the door inwards:
 *   path, Origin, sockets without `connection_init`, payload, messages, backlog    here
 *   time to `connection_init`, credentials, operation id, operations a socket    socketHandlers.ts
 *   text size, tokens, syntax, rules, trust, transport, introspection, cost      security/admission.ts
 *   permission and rate of each field, permission again for every event          the schema itself (security/applyPermissions.ts)
 *   masking of errors                                                            socketHandlers.ts
 */
export function attachSocketServer(httpServer: Server, parts: SocketServerParts): SocketServer {
  const sockets = new WebSocketServer({
    noServer: true,
    maxPayload: socketLimits.maxPayloadBytes,
    perMessageDeflate: false,
    handleProtocols: (protocols) =>
      protocols.has(GRAPHQL_TRANSPORT_WS_PROTOCOL) ? GRAPHQL_TRANSPORT_WS_PROTOCOL : false,
  });
  const uninitialized = new Set<Connection>();
  const handlers = createSocketHandlers(parts);
  const protocol = makeServer({
    ...handlers,
    onConnect: (socket) => {
      uninitialized.delete(socket.extra);
      return handlers.onConnect?.(socket);
    },
  });
  const keepAlive = keepSocketsAlive(sockets);

  const onConnection = (socket: WebSocket, request: IncomingMessage): void => {
    const close = ({ code, reason }: CloseReason): void => {
      socket.close(code, reason);
    };
    watchSocket(socket, parts);
    if (uninitialized.size >= socketLimits.maxUninitializedSockets) {
      close(closeCodes.tooManySockets);
      return;
    }
    const connection: Connection = { request, close, running: new Set() };
    uninitialized.add(connection);
    const onFault = (error: unknown): void => {
      if (isForeignMessage(error)) {
        close(closeCodes.badMessage);
        return;
      }
      parts.logger.error({ err: error }, 'a message of a socket failed');
      close(closeCodes.internal);
    };
    const quota = new MessageQuota(parts.clock);
    const closed = protocol.opened(
      {
        protocol: socket.protocol,
        // Resolves when the kernel has it: a stream is asked for its next event only then, and its mailbox conflates meanwhile.
        send: (data) => sendText(socket, data),
        close: (code, reason) => {
          socket.close(code, reason);
        },
        onMessage: (handle) => {
          socket.on('message', (data: RawData) => {
            const reason = endingOf(socket, quota);
            if (reason === null) handle((data as Buffer).toString()).catch(onFault);
            else endUnread(socket, reason);
          });
        },
        // Without the payload: what is echoed to someone who does not read is kept for him.
        onPing: () => sendText(socket, pong),
      },
      connection,
    );
    socket.once('close', (code, reason) => {
      uninitialized.delete(connection);
      closed(code, reason.toString()).catch(onFault);
    });
  };

  const onUpgrade = (request: IncomingMessage, stream: Duplex, head: Buffer): void => {
    stream.on('error', () => stream.destroy());
    if (request.url?.split('?')[0] !== '/graphql') {
      refuseUpgrade(stream, '404 Not Found');
    } else if (!isOriginAllowed(request.headers.origin, request.headers.host, parts.corsOrigins)) {
      parts.metrics.refusals.inc({ code: 'ORIGIN_NOT_ALLOWED', transport: 'ws' });
      refuseUpgrade(stream, '403 Forbidden');
    } else {
      sockets.handleUpgrade(request, stream, head, onConnection);
    }
  };
  httpServer.on('upgrade', onUpgrade);

  return {
    async close() {
      httpServer.off('upgrade', onUpgrade);
      clearInterval(keepAlive);
      const gone = [...sockets.clients].map((socket) => new Promise((resolve) => socket.once('close', resolve)));
      for (const socket of sockets.clients) socket.close(closeCodes.restart.code, closeCodes.restart.reason);
      const impatience = setTimeout(() => {
        for (const socket of sockets.clients) socket.terminate();
      }, socketLimits.closeTimeoutMs);
      await Promise.all(gone);
      clearTimeout(impatience);
      sockets.close();
    },
  };
}

/** Counts the messages of one socket by the minute. */
class MessageQuota {
  #windowStart: number;
  #count = 0;

  constructor(private readonly clock: () => number) {
    this.#windowStart = clock();
  }

  /** True where this message is one too many. */
  take(): boolean {
    const now = this.clock();
    if (now - this.#windowStart >= minuteMs) {
      this.#windowStart = now;
      this.#count = 0;
    }
    this.#count += 1;
    return this.#count > socketLimits.maxMessagesPerMinute;
  }
}

/** Why a socket that sends yet another message must end, or null. */
function endingOf(socket: WebSocket, quota: MessageQuota): CloseReason | null {
  if (quota.take()) return closeCodes.tooManyMessages;
  return socket.bufferedAmount > socketLimits.maxBufferedBytes ? closeCodes.slowReader : null;
}

/** Says why, and does not wait long for a reader who may never read it; what he still sends is not looked at. */
function endUnread(socket: WebSocket, { code, reason }: CloseReason): void {
  socket.close(code, reason);
  socket.removeAllListeners('message');
  const impatience = setTimeout(() => {
    socket.terminate();
  }, socketLimits.closeTimeoutMs);
  socket.once('close', () => {
    clearTimeout(impatience);
  });
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

/** One timer for all: a socket that has not answered the last ping by the next one is dead. */
function keepSocketsAlive(sockets: WebSocketServer): NodeJS.Timeout {
  const waitingForPong = new WeakSet<WebSocket>();
  return setInterval(() => {
    for (const socket of sockets.clients) {
      if (waitingForPong.has(socket)) {
        socket.terminate();
        continue;
      }
      waitingForPong.add(socket);
      socket.once('pong', () => waitingForPong.delete(socket));
      socket.ping();
    }
  }, socketLimits.keepAliveIntervalMs);
}

function watchSocket(socket: WebSocket, parts: SocketServerParts): void {
  parts.metrics.sockets.inc();
  // ws tells here of a broken frame or a payload over the limit, and closes the socket with the right code by itself.
  socket.on('error', (error) => {
    parts.logger.debug({ err: error }, 'socket error');
  });
  socket.once('close', (code) => {
    parts.metrics.sockets.dec();
    parts.metrics.socketCloses.inc({ code: String(code) });
  });
}

function refuseUpgrade(stream: Duplex, status: string): void {
  stream.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
}

import type { Duplex } from 'node:stream';
import {
  GRAPHQL_TRANSPORT_WS_PROTOCOL,
  MessageType,
  type Message,
  type Server,
  type WebSocket as ProtocolSocket,
} from 'graphql-ws';
import type { RawData, WebSocket } from 'ws';
import { plainAddress } from '../security/authentication';
import type { Logger } from '../telemetry/logger';
import type { Metrics } from '../telemetry/metrics';
import type { BurstBuffer } from './burstBuffer';
import { freshHeadersOf, isForeignMessage, readMessage } from './clientMessages';
import { closeCodes, type CloseReason } from './closeCodes';
import { Connection } from './connection';
import type { Connections } from './connections';
import type { Flusher } from './flusher';
import { ReaderSocket } from './readerSocket';
import type { SocketCaps } from './socketCaps';
import type { SocketIdentity } from './socketIdentity';
import type { SocketOperations } from './socketOperations';
import type { ProtocolExtra } from './socketProtocol';

const minuteMs = 60_000;

export interface SocketSessionParts {
  readonly protocol: Server<ProtocolExtra>;
  readonly connections: Connections;
  readonly operations: SocketOperations;
  readonly identity: SocketIdentity;
  readonly flusher: Flusher;
  readonly burst: BurstBuffer;
  readonly caps: SocketCaps;
  readonly clock: () => number;
  readonly logger: Logger;
  readonly metrics: Metrics;
}

/**
 * One socket from its opening to its end: messages come in, shared streams are answered here, graphql-ws does the rest.
 * It is what graphql-ws knows of a socket, and what `ws` calls its listeners with: there are many sockets, and closures
 * would be kept for each.
 */
export class SocketSession implements ProtocolSocket {
  readonly protocol: string;
  readonly #connection: Connection;
  #minuteStart = Number.NEGATIVE_INFINITY;
  #messages = 0;
  #pings = Promise.resolve();
  #handle: ((data: string) => Promise<void>) | null = null;
  #closed: ((code: number, reason: string) => Promise<void>) | null = null;

  private constructor(
    private readonly socket: WebSocket,
    private readonly parts: SocketSessionParts,
    place: { readonly stream: Duplex; readonly address: string },
  ) {
    this.protocol = socket.protocol;
    this.#connection = new Connection({
      registry: parts.connections,
      socket,
      reader: new ReaderSocket(socket, place.stream, parts),
      ip: plainAddress(place.address),
      openedAt: parts.clock(),
      closeTimeoutMs: parts.caps.closeTimeoutMs,
    });
  }

  static open(
    socket: WebSocket,
    parts: SocketSessionParts,
    place: { readonly stream: Duplex; readonly address: string },
  ): void {
    const session = new SocketSession(socket, parts, place);
    sessions.set(socket, session);
    socket.on('error', onSocketError);
    socket.on('close', onSocketClose);
    session.#begin();
  }

  /** Resolves when the kernel has it: a stream of one reader is asked for its next event only then, and its mailbox conflates meanwhile. */
  send(data: string): Promise<void> {
    // Whatever was refused because the token has expired: the reader is to come back, not to give up.
    if (this.#connection.isExpiredAt(this.parts.clock())) this.#connection.close(closeCodes.tokenExpired);
    return this.#sendInOrder(data);
  }

  close(code: number = closeCodes.internal.code, reason = ''): void {
    this.#connection.close({ code, reason });
  }

  onMessage(handle: (data: string) => Promise<void>): void {
    this.#handle = handle;
  }

  /** One after the other: credentials that take longer to be checked must neither be answered after those that came later, nor count in their place. */
  onPing(payload: unknown): Promise<void> {
    const answer = this.#pings.then(async () =>
      this.#sendInOrder(await answerPing(this.#connection, payload, this.parts)),
    );
    this.#pings = answer.catch(() => undefined);
    return answer;
  }

  /** A message of the client has come. */
  receive(text: string): void {
    const connection = this.#connection;
    connection.missedPings = 0;
    // Before `connection_init` was acknowledged, everything is graphql-ws's to read and to refuse.
    const message = connection.protocol?.acknowledged === true ? readMessage(text) : null;
    if (message?.type === MessageType.Pong && connection.reader.takeCredit()) return;
    const over = this.#endingOf();
    if (over !== null) connection.close(over);
    else if (message === null || !isAnswered(connection, message, this.parts)) this.#pass(text);
  }

  /** A ping or pong of WebSocket itself: a sign of life, and a message like any other where it is no answer to a ping of ours. */
  control(isPong: boolean): void {
    const isAnswer = isPong && this.#connection.takeOwedPong();
    this.#connection.missedPings = 0;
    const over = isAnswer ? null : this.#endingOf();
    if (over !== null) this.#connection.close(over);
  }

  /** ws tells here of a broken frame or a payload over the limit, and closes the socket with the right code by itself. */
  failed(error: Error): void {
    const { metrics, logger } = this.parts;
    if ('code' in error && error.code === 'WS_ERR_UNSUPPORTED_MESSAGE_LENGTH') {
      metrics.socketCapHits.inc({ cap: 'payload' });
    }
    logger.debug({ err: error }, 'socket error');
  }

  ended(code: number, reason: string): void {
    const { connections, metrics, logger } = this.parts;
    metrics.sockets.dec();
    metrics.socketCloses.inc({ code: String(code) });
    connections.remove(this.#connection);
    this.#connection.stopOperations();
    this.#closed?.(code, reason).catch((error: unknown) => {
      logger.error({ err: error }, 'a socket could not be ended in order');
    });
  }

  /** Behind what waits for the end of this turn. */
  #sendInOrder(data: string): Promise<void> {
    this.#connection.reader.flush();
    return sendText(this.socket, data);
  }

  #begin(): void {
    const { connections, metrics, protocol } = this.parts;
    metrics.sockets.inc();
    const cap = connections.add(this.#connection);
    if (cap !== null) {
      metrics.socketCapHits.inc({ cap });
      this.#connection.close(closeCodes.tooManySockets);
      return;
    }
    // Before anything that it sends is read.
    if (this.protocol !== GRAPHQL_TRANSPORT_WS_PROTOCOL) {
      this.#connection.close(closeCodes.otherSubprotocol);
      return;
    }
    this.socket.on('ping', onSocketPing);
    this.socket.on('pong', onSocketPong);
    this.socket.on('message', onSocketMessage);
    this.#closed = protocol.opened(this, { connection: this.#connection });
  }

  /** Why a socket that sends yet another message must end, or null. */
  #endingOf(): CloseReason | null {
    const { caps, clock, metrics } = this.parts;
    const now = clock();
    // A clock that was set back begins a minute as well: until it is where it was, everything would count as one.
    if (now - this.#minuteStart >= minuteMs || now < this.#minuteStart) {
      this.#minuteStart = now;
      this.#messages = 0;
    }
    this.#messages += 1;
    if (this.#messages > caps.maxMessagesPerMinute) {
      metrics.socketCapHits.inc({ cap: 'messagesPerMinute' });
      return closeCodes.tooManyMessages;
    }
    if (this.#connection.backlog <= caps.maxBufferedBytes) return null;
    metrics.socketCapHits.inc({ cap: 'backlog' });
    return closeCodes.slowReader;
  }

  #pass(text: string): void {
    this.#handle?.(text).catch((error: unknown) => {
      if (isForeignMessage(error)) {
        this.#connection.close(closeCodes.badMessage);
        return;
      }
      this.parts.logger.error({ err: error }, 'a message of a socket failed');
      this.#connection.close(closeCodes.internal);
    });
  }
}

const sessions = new WeakMap<WebSocket, SocketSession>();

function onSocketMessage(this: WebSocket, data: RawData): void {
  sessions.get(this)?.receive((data as Buffer).toString());
}

function onSocketPing(this: WebSocket): void {
  sessions.get(this)?.control(false);
}

function onSocketPong(this: WebSocket): void {
  sessions.get(this)?.control(true);
}

function onSocketError(this: WebSocket, error: Error): void {
  sessions.get(this)?.failed(error);
}

function onSocketClose(this: WebSocket, code: number, reason: Buffer): void {
  sessions.get(this)?.ended(code, reason.toString());
}

/** False where it is graphql-ws's to answer. */
function isAnswered(connection: Connection, message: Message, { operations }: SocketSessionParts): boolean {
  if (message.type === MessageType.Subscribe) return operations.subscribe(connection, message);
  return message.type === MessageType.Complete && operations.complete(connection, message.id);
}

/** A `ping` may bring a fresh token. Nothing else of its payload comes back: what is echoed to someone who does not read is kept for him. */
async function answerPing(connection: Connection, payload: unknown, { identity }: SocketSessionParts): Promise<string> {
  const headers = freshHeadersOf(payload);
  if (headers === null) return '{"type":"pong"}';
  const principal = await identity.refresh(connection, headers);
  if (principal === null) return '';
  return JSON.stringify({ type: 'pong', payload: { expiresAt: new Date(principal.expiresAt).toISOString() } });
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

import { EventEmitter } from 'node:events';
import type { RawData, WebSocket } from 'ws';
import type { FaultBoard } from '../control/faultBoard';

/** Bytes that may wait in a socket before a fast source should pause. */
const highWaterBytes = 1_000_000;

interface ConnectionEvents {
  text: [message: string];
  close: [];
  /** The socket has sent most of what waited in it. */
  drain: [];
}

/** One client's socket, as the protocols see it: they send frames that belong to a stream, and faults happen on the way out. */
export class Connection extends EventEmitter<ConnectionEvents> {
  /** The streams that this client has subscribed to; the protocol keeps it. */
  readonly streams = new Set<string>();
  private isFrozen = false;
  private isClosed = false;
  private readonly pinger: NodeJS.Timeout;

  constructor(
    private readonly socket: WebSocket,
    private readonly options: {
      readonly id: number;
      readonly path: string;
      readonly query: string;
      readonly faults: FaultBoard;
      readonly pingIntervalMs: number;
    },
  ) {
    super();
    socket.on('message', (data, isBinary) => {
      if (!this.isFrozen && !isBinary) this.emit('text', toText(data));
    });
    socket.on('ping', (data) => {
      if (!this.isFrozen) socket.pong(data);
    });
    socket.on('close', () => {
      this.end();
    });
    // A broken frame or a reset: 'close' follows.
    socket.on('error', () => undefined);
    this.pinger = setInterval(() => {
      if (!this.isFrozen) socket.ping(String(Date.now()));
    }, options.pingIntervalMs);
  }

  get id(): number {
    return this.options.id;
  }

  get path(): string {
    return this.options.path;
  }

  get query(): string {
    return this.options.query;
  }

  get isHalfOpen(): boolean {
    return this.isFrozen;
  }

  /** A closed or half-open socket holds nobody up. */
  private get isCongested(): boolean {
    return !this.isClosed && !this.isFrozen && this.socket.bufferedAmount > highWaterBytes;
  }

  /** Null where the client keeps up, else a promise that it does again or is gone. */
  drained(): Promise<void> | null {
    if (!this.isCongested) return null;
    return new Promise((resolve) => {
      this.once('drain', resolve);
    });
  }

  /** Sends data of a stream, unless a fault takes it away or changes it. */
  sendFrame(stream: string, frame: string | Buffer): void {
    this.options.faults.pass(stream, frame, this.write);
  }

  /** Sends an answer to the client's own message; frame faults leave it alone. */
  sendReply(reply: string): void {
    this.write(reply);
  }

  /** From now on nothing goes out, not even a pong, and nothing is heard, but the TCP connection stays. */
  freeze(): void {
    this.isFrozen = true;
    // Unread bytes stay in the kernel: not even a closing handshake is noticed.
    this.socket.pause();
    this.emit('drain');
  }

  /** Cuts the TCP connection without a closing handshake, as a broken network does. */
  drop(): void {
    this.socket.terminate();
  }

  close(code: number, reason: string): void {
    this.socket.close(code, reason);
  }

  /** One and the same function for all of the socket's life: faults know the socket by it. */
  private readonly write = (frame: string | Buffer): void => {
    if (this.isFrozen || this.isClosed) return;
    this.socket.send(frame, () => {
      if (!this.isCongested) this.emit('drain');
    });
  };

  private end(): void {
    this.isClosed = true;
    clearInterval(this.pinger);
    this.emit('drain');
    this.emit('close');
  }
}

function toText(data: RawData): string {
  if (Array.isArray(data)) return Buffer.concat(data).toString('utf8');
  return (data instanceof ArrayBuffer ? Buffer.from(data) : data).toString('utf8');
}

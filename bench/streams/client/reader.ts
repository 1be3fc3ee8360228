import { randomBytes } from 'node:crypto';
import { connect, type Socket } from 'node:net';
import { marketAt, priceOffsetFromEnd, sequenceAt } from '../sequence';
import { subscriptionOf } from '../streamKind';
import { FrameScanner, opcodes, toMaskedFrame, toMaskedText } from './frames';
import type { ConnectOrder } from './orders';

const dot = '.'.charCodeAt(0);
/** One for all sockets: it is read out before the next read. */
const readBuffer = Buffer.allocUnsafe(262_144);
const pong = toMaskedText('{"type":"pong"}');

export interface ReaderParts {
  readonly index: number;
  readonly order: ConnectOrder;
  readonly speaksGraphql: boolean;
  readonly token: string | null;
  /** An event after the first of its subscription. */
  readonly onEvent: (reader: number, market: number, sequence: number, bytes: number) => void;
  readonly onFailure: (error: Error) => void;
}

/**
 * A frontend reduced to what it costs least: a TCP socket that speaks just enough of WebSocket and graphql-transport-ws,
 * and reads events from the bytes of their frames. It answers pings of both, as every client does.
 */
export class Reader {
  readonly #socket: Socket;
  readonly #scanner: FrameScanner;
  readonly #isOpen: Promise<number>;
  #opened: (frameBytes: number) => void = () => undefined;
  #missing: number;
  #handshake: string | null = '';
  #isEnding = false;
  /** Where the price stands in a frame; found out from the first. */
  #priceOffset = 0;

  constructor(private readonly parts: ReaderParts) {
    this.#missing = parts.order.markets;
    this.#isOpen = new Promise((resolve) => {
      this.#opened = resolve;
    });
    this.#scanner = new FrameScanner((opcode, bytes, start, end) => {
      this.#onFrame(opcode, bytes, { start, end });
    });
    this.#socket = connect({
      host: '127.0.0.1',
      port: parts.order.port,
      noDelay: true,
      onread: {
        buffer: readBuffer,
        callback: (count) => {
          this.#onBytes(readBuffer.subarray(0, count));
          return true;
        },
      },
    });
    this.#socket.on('error', parts.onFailure);
    this.#socket.on('close', () => {
      if (!this.#isEnding) parts.onFailure(new Error(`${parts.order.kind} closed a reader's socket`));
    });
    this.#socket.write(upgradeRequest(parts.speaksGraphql));
  }

  /** Resolves when each subscription has its first event, with the bytes of such a frame. */
  isOpen(): Promise<number> {
    return this.#isOpen;
  }

  stopReading(): void {
    this.#socket.pause();
  }

  readAgain(): void {
    this.#socket.resume();
  }

  end(): void {
    this.#isEnding = true;
    this.#socket.destroy();
  }

  #onBytes(bytes: Buffer): void {
    if (this.#handshake === null) {
      this.#scanner.scan(bytes);
      return;
    }
    this.#handshake += bytes.toString('latin1');
    const end = this.#handshake.indexOf('\r\n\r\n');
    if (end === -1) return;
    const rest = Buffer.from(this.#handshake.slice(end + 4), 'latin1');
    if (!this.#handshake.startsWith('HTTP/1.1 101')) this.parts.onFailure(new Error(this.#handshake.slice(0, end)));
    this.#handshake = null;
    this.#introduce();
    this.#scanner.scan(rest);
  }

  #introduce(): void {
    const { speaksGraphql, token } = this.parts;
    if (speaksGraphql) {
      this.#say({ type: 'connection_init', ...(token !== null && { payload: { authorization: `Bearer ${token}` } }) });
    } else if (token !== null) {
      this.#socket.write(toMaskedText(token));
    }
  }

  #onFrame(opcode: number, bytes: Buffer, { start, end }: { readonly start: number; readonly end: number }): void {
    const priceAt = end - this.#priceOffset;
    if (this.#missing === 0 && opcode === opcodes.text && priceAt > start && bytes[priceAt + 7] === dot) {
      const { index, onEvent } = this.parts;
      onEvent(index, marketAt(bytes, priceAt), sequenceAt(bytes, priceAt), end - start);
      return;
    }
    if (opcode === opcodes.ping)
      this.#socket.write(toMaskedFrame(Buffer.from(bytes.subarray(start, end)), opcodes.pong));
    if (opcode === opcodes.text) this.#onMessage(bytes.toString('utf8', start, end));
    if (opcode === opcodes.close) {
      const reason = bytes.toString('utf8', start + 2, end);
      this.parts.onFailure(new Error(`${this.parts.order.kind} closes: ${bytes.readUInt16BE(start)} ${reason}`));
    }
  }

  /** What comes before events do, and seldom among them. */
  #onMessage(text: string): void {
    const { type } = JSON.parse(text) as { readonly type: string };
    if (type === 'ping') this.#socket.write(pong);
    else if (type === 'connection_ack') this.#subscribe();
    else if (type === 'next') this.#onFirstEvent(text);
    else if (type !== 'pong') this.parts.onFailure(new Error(`${this.parts.order.kind} says ${text}`));
  }

  #onFirstEvent(text: string): void {
    const offset = priceOffsetFromEnd(text);
    if (offset === null || this.#missing === 0) {
      this.parts.onFailure(new Error(`${this.parts.order.kind} sends an event without a price: ${text}`));
      return;
    }
    this.#priceOffset = offset;
    this.#missing -= 1;
    if (this.#missing === 0) this.#opened(text.length);
  }

  #subscribe(): void {
    for (let market = 0; market < this.parts.order.markets; market += 1) {
      // Every operation has an id of its own, as every client gives it; all of one length.
      const id = `r${(this.parts.index * 50 + market).toString(36).padStart(4, '0')}`;
      this.#say({ id, type: 'subscribe', payload: subscriptionOf(this.parts.order.stream, this.parts.index, market) });
    }
  }

  #say(message: object): void {
    this.#socket.write(toMaskedText(JSON.stringify(message)));
  }
}

function upgradeRequest(speaksGraphql: boolean): string {
  return [
    `GET /graphql HTTP/1.1`,
    'Host: 127.0.0.1',
    'Connection: Upgrade',
    'Upgrade: websocket',
    'Sec-WebSocket-Version: 13',
    `Sec-WebSocket-Key: ${randomBytes(16).toString('base64')}`,
    ...(speaksGraphql ? ['Sec-WebSocket-Protocol: graphql-transport-ws'] : []),
    '\r\n',
  ].join('\r\n');
}

import type { Duplex } from 'node:stream';
import type { WebSocket } from 'ws';
import type { BurstBuffer, Frame } from './burstBuffer';
import type { Flusher, Flushable } from './flusher';
import { WholeFrame, type SharedFrame } from './sharedFrame';

/** A subscription on a socket that takes no more for now. */
export interface WaitingReader {
  /** Its id in each of its messages: `toIdText`. */
  readonly idText: string;
  catchUp(): void;
}

export interface ReaderSocketParts {
  readonly flusher: Flusher;
  readonly burst: BurstBuffer;
  readonly clock: () => number;
  readonly caps: { readonly creditBytes: number; readonly maxOpenCredits: number };
}

const pingFrame = new WholeFrame({ type: 'ping' });

/**
 * The writing side of one socket, for shared streams: one write a turn, and no more than its reader keeps up with.
 * Slow is who does not empty the kernel's buffer, or leaves questions open: every `creditBytes` a protocol ping rides
 * along, whose answer says that the reader has come that far, however much kernels and proxies have swallowed.
 */
export class ReaderSocket implements Flushable {
  /** What goes out with the next flush, and whose ids it bears. */
  #frames: Frame[] | null = null;
  #idTexts: string[] | null = null;
  #isBlocked = false;
  #openCredits = 0;
  #bytesSinceCredit = 0;
  #waiting: WaitingReader[] | null = null;
  #slowSince: number | null = null;

  /** stream: below the WebSocket; frames of ours go past `ws`, which keeps the parsing, the control frames and the closing. parts: the same for all sockets. */
  constructor(
    private readonly socket: WebSocket,
    private readonly stream: Duplex,
    private readonly parts: ReaderSocketParts,
  ) {}

  /** When it stopped taking more; null where it takes everything. Epoch milliseconds. */
  get slowSince(): number | null {
    return this.#slowSince;
  }

  /** Sends a payload in this turn, or remembers that the reader needs catching up. */
  offer(frame: SharedFrame, reader: WaitingReader): boolean {
    if (this.#slowSince !== null) {
      this.#waiting ??= [];
      this.#waiting.push(reader);
      return false;
    }
    this.#add(frame, reader.idText);
    return true;
  }

  /** Sends a message in order with the payloads, however slow the reader is. */
  send(message: object): void {
    this.#add(new WholeFrame(message), '');
  }

  /** The reader has answered a ping. False where none was open: it speaks unasked. */
  takeCredit(): boolean {
    if (this.#openCredits === 0) return false;
    this.#openCredits -= 1;
    this.#update();
    return true;
  }

  flush(): void {
    const frames = this.#frames;
    const idTexts = this.#idTexts;
    this.#frames = null;
    this.#idTexts = null;
    const { socket, stream } = this;
    if (frames === null || idTexts === null || socket.readyState !== socket.OPEN) return;
    const { burst, caps } = this.parts;
    const bytes = burst.lay(frames, idTexts);
    stream.write(bytes);
    // Nothing left means that the kernel has a copy; anything left refers to the buffer.
    if (stream.writableLength > 0) burst.giveAway();
    this.#bytesSinceCredit += bytes.length;
    if (this.#bytesSinceCredit >= caps.creditBytes) {
      this.#bytesSinceCredit = 0;
      this.#openCredits += 1;
      stream.write(pingFrame.bytes);
      this.#update();
    }
    if (stream.writableLength > 0 && !this.#isBlocked) this.#awaitDrain();
  }

  #add(frame: Frame, idText: string): void {
    if (this.#frames === null || this.#idTexts === null) {
      this.#frames = [frame];
      this.#idTexts = [idText];
      this.parts.flusher.add(this);
    } else {
      this.#frames.push(frame);
      this.#idTexts.push(idText);
    }
  }

  /** Nothing at all is written behind what waits: its callback tells that the kernel has taken everything. `drain` comes only above the high-water mark. */
  #awaitDrain(): void {
    this.#isBlocked = true;
    this.stream.write('', (error) => {
      if (error) return;
      this.#isBlocked = this.stream.writableLength > 0;
      if (this.#isBlocked) this.#awaitDrain();
      this.#update();
    });
    this.#update();
  }

  #update(): void {
    const isSlow = this.#isBlocked || this.#openCredits >= this.parts.caps.maxOpenCredits;
    if (isSlow) {
      this.#slowSince ??= this.parts.clock();
      return;
    }
    this.#slowSince = null;
    const waiting = this.#waiting;
    this.#waiting = null;
    for (const reader of waiting ?? []) reader.catchUp();
  }
}

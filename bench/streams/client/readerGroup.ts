import { connect, type Socket } from 'node:net';
import { writeCommand } from '../command';
import { rawServers } from '../server/serverKind';
import type { ConnectOrder } from './orders';
import { Reader } from './reader';
import { noTally, type Tally } from './tally';

/** Sockets that are being opened at once: fewer than a server lets wait. */
const openingAtOnce = 50;

/** The readers of one server, and the line by which its feed is told what to publish. */
export class ReaderGroup {
  readonly #control: Socket;
  readonly #readers: Reader[] = [];
  #tally: Tally = noTally;
  #sequence = 0;
  #failure: Error | null = null;
  #onFailure: ((error: Error) => void) | null = null;

  constructor(readonly order: ConnectOrder) {
    this.#control = connect({ host: '127.0.0.1', port: order.controlPort, noDelay: true });
    this.#control.on('error', (error) => {
      this.#fail(error);
    });
  }

  get readerCount(): number {
    return this.#readers.length;
  }

  /** The last event that was published. */
  get sequence(): number {
    return this.#sequence;
  }

  /** Connects all; gives the bytes of a frame. */
  async open(): Promise<number> {
    let frameBytes = 0;
    const opening = new Set<Promise<void>>();
    while (this.#readers.length < this.order.readers) {
      const reader = this.#add(this.#readers.length);
      const opened = reader.isOpen().then((bytes) => {
        frameBytes = bytes;
        opening.delete(opened);
      });
      opening.add(opened);
      if (opening.size >= openingAtOnce) await this.orFailure(Promise.race(opening));
    }
    await this.orFailure(Promise.all(opening));
    return frameBytes;
  }

  /** Has the next event published, of one market or (null) of all. */
  publish(market: number | null): number {
    this.#sequence += 1;
    this.#control.write(writeCommand({ market, sequence: this.#sequence }));
    return this.#sequence;
  }

  /** Gives what arrives from now on to a tally. */
  count(tally: Tally): void {
    this.#tally = tally;
  }

  stall(count: number): void {
    for (const reader of this.#readers.slice(0, count)) reader.stopReading();
  }

  resume(count: number): void {
    for (const reader of this.#readers.slice(0, count)) reader.readAgain();
  }

  end(): void {
    for (const reader of this.#readers) reader.end();
    this.#control.destroy();
  }

  /** Rejects where a reader fails meanwhile: what is measured then is worth nothing. */
  async orFailure<Value>(work: Promise<Value>): Promise<Value> {
    if (this.#failure !== null) throw this.#failure;
    try {
      return await Promise.race([
        work,
        new Promise<never>((_resolve, reject) => {
          this.#onFailure = reject;
        }),
      ]);
    } finally {
      this.#onFailure = null;
    }
  }

  #fail(error: Error): void {
    this.#failure ??= error;
    this.#onFailure?.(error);
  }

  #add(index: number): Reader {
    const { tokens, kind } = this.order;
    const reader = new Reader({
      index,
      order: this.order,
      speaksGraphql: !rawServers.has(kind),
      token: tokens[index % Math.max(1, tokens.length)] ?? null,
      onEvent: (...event) => {
        this.#tally.receive(...event);
      },
      onFailure: (error) => {
        this.#fail(error);
      },
    });
    this.#readers.push(reader);
    return reader;
  }
}

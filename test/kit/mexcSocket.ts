import { once } from 'node:events';
import { WebSocket } from 'ws';
import { loadDefinitions } from '../../src/simulator/mexc/protobuf';
import { eventually } from './eventually';

interface Level {
  readonly price: string;
  readonly quantity: string;
}

/** A binary frame as ccxt reads it: longs are text, bodies that are not there are missing. */
export interface MexcFrame {
  readonly channel: string;
  readonly symbol: string;
  readonly sendTime?: string;
  readonly createTime?: string;
  readonly publicAggreDeals?: {
    readonly deals: readonly (Level & { readonly tradeType: number; readonly time: string })[];
    readonly eventType: string;
  };
  readonly publicAggreDepths?: {
    readonly asks?: readonly Level[];
    readonly bids?: readonly Level[];
    readonly eventType: string;
    readonly fromVersion: string;
    readonly toVersion: string;
  };
  readonly publicLimitDepths?: { readonly asks: readonly Level[]; readonly bids: readonly Level[] };
  readonly publicAggreBookTicker?: Readonly<Record<string, string>>;
  readonly publicSpotKline?: Readonly<Record<string, string>>;
  readonly publicMiniTicker?: Readonly<Record<string, string>>;
}

/** A plain socket in MEXC's protocol: JSON answers and binary frames, each in the order of arrival. */
export class MexcSocket {
  readonly answers: unknown[] = [];
  readonly frames: MexcFrame[] = [];
  /** Binary frames that protobuf cannot read. */
  broken = 0;
  #read = 0;
  readonly #definitions = loadDefinitions();

  private constructor(readonly socket: WebSocket) {
    socket.on('message', (data: Buffer, isBinary) => {
      if (isBinary) this.#take(data);
      else this.answers.push(JSON.parse(data.toString('utf8')));
    });
  }

  static async open(url: string): Promise<MexcSocket> {
    const socket = new WebSocket(url);
    const opened = new MexcSocket(socket);
    await once(socket, 'open');
    return opened;
  }

  /** Sends a message and waits for its answer. */
  async ask(message: object | string): Promise<unknown> {
    const before = this.answers.length;
    this.socket.send(typeof message === 'string' ? message : JSON.stringify(message));
    await eventually(() => this.answers.length > before);
    return this.answers[before];
  }

  subscribe(...params: readonly string[]): Promise<unknown> {
    return this.ask({ method: 'SUBSCRIPTION', params });
  }

  /** The next frame that nobody has read yet. */
  async next(): Promise<MexcFrame> {
    const frame = await eventually(() => this.frames[this.#read]);
    this.#read += 1;
    return frame;
  }

  close(): void {
    this.socket.terminate();
  }

  #take(data: Buffer): void {
    try {
      this.frames.push(this.#definitions.PushDataV3ApiWrapper.decode(data).toJSON() as MexcFrame);
    } catch {
      this.broken += 1;
    }
  }
}

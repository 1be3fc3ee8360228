import { once } from 'node:events';
import WebSocket from 'ws';
import type { PriceLevel } from '../../src/domain/marketData';
import type { Message } from './rawSocket';

export interface ArrivedMessage extends Message {
  readonly arrivedAt: number;
}

export interface RecordingOptions {
  readonly authorization?: string;
  /** False: reads, and never answers the protocol's pings. */
  readonly answersPings?: boolean;
}

/** A client that reads as fast as it can, notes when everything came, and answers pings as every client library does. */
export class RecordingSocket {
  readonly messages: ArrivedMessage[] = [];
  /** Protocol pings that were not answered. */
  openPings = 0;
  closed: { readonly code: number; readonly closedAt: number } | null = null;
  onMessage: (message: Message) => void = (message) => {
    this.messages.push({ ...message, arrivedAt: Date.now() });
  };

  private constructor(
    readonly socket: WebSocket,
    answersPings: boolean,
  ) {
    socket.on('error', () => undefined);
    socket.on('close', (code) => {
      this.closed = { code, closedAt: Date.now() };
    });
    socket.on('message', (data) => {
      const message = JSON.parse((data as Buffer).toString()) as Message;
      if (message.type === 'ping') {
        this.openPings += 1;
        if (answersPings) this.answerPing();
      } else {
        this.onMessage(message);
      }
    });
  }

  /** Resolves when `connection_init` is acknowledged. */
  static async connect(url: string, options: RecordingOptions = {}): Promise<RecordingSocket> {
    const { authorization, answersPings = true } = options;
    const socket = new WebSocket(url, 'graphql-transport-ws');
    const recording = new RecordingSocket(socket, answersPings);
    await once(socket, 'open');
    const acknowledged = once(socket, 'message');
    recording.send({ type: 'connection_init', payload: authorization === undefined ? {} : { authorization } });
    await acknowledged;
    return recording;
  }

  send(message: object): void {
    this.socket.send(JSON.stringify(message));
  }

  answerPing(): void {
    this.openPings -= 1;
    this.send({ type: 'pong' });
  }

  subscribe(id: string, query: string): void {
    this.send({ id, type: 'subscribe', payload: { query } });
  }

  of(id: string, type = 'next'): readonly ArrivedMessage[] {
    return this.messages.filter((message) => message.id === id && message.type === type);
  }

  terminate(): void {
    this.socket.terminate();
  }
}

/** What every event of `liveMarketDocuments` has, and what only some have. */
export interface ReadEvent {
  readonly meta: {
    readonly kind: 'SNAPSHOT' | 'UPDATE' | 'STALE';
    readonly seq: string;
    readonly cursor: string;
    readonly reason: string | null;
  };
  readonly tickers: readonly { readonly marketId: string; readonly last: string }[];
  readonly trades: readonly { readonly marketId: string; readonly id: string }[];
  readonly bids: readonly PriceLevel[];
  readonly asks: readonly PriceLevel[];
  readonly nonce: string;
  readonly candle: { readonly openTime: string; readonly close: string; readonly closed: boolean };
}

/** The one event of a `next` message, whatever its field. */
export function eventOf({ payload }: Message): ReadEvent {
  const { data } = payload as { readonly data: Record<string, ReadEvent> };
  const [event] = Object.values(data);
  if (event === undefined) throw new Error('the message carries no event');
  return event;
}

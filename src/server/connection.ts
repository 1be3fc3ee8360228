import type { ExecutionArgs } from 'graphql';
import type { WebSocket } from 'ws';
import type { AppError } from '../errors/appError';
import type { Principal } from '../identity/principal';
import type { CloseReason } from './closeCodes';
import type { ReaderSocket } from './readerSocket';

/** Who is on the other side, since `connection_init`. */
export interface Identity {
  /** Null where no credentials were given. */
  readonly principal: Principal | null;
  /** Whom limits are counted against. */
  readonly rateKey: string;
}

/** Something that a client has asked for by id and that has not ended. */
export interface Operation {
  /** The subscription's field in the permission table; null for a query. */
  readonly rootField: string | null;
  /** True where nothing may be left out for its reader, and something waits. */
  readonly isKeptWaiting: boolean;
  /** Ends it with an `error` message. */
  refuse(error: AppError): void;
  /** Ends it without a word and releases what it holds. */
  stop(): void;
}

export interface ConnectionParts {
  readonly socket: WebSocket;
  readonly reader: ReaderSocket;
  /** As limits count it: an IPv4 address, or a /64 of IPv6. */
  readonly addressKey: string;
  readonly openedAt: number;
  /** How long a closing socket may take to say goodbye. */
  readonly closeTimeoutMs: number;
}

/** One WebSocket and what is known of it. */
export class Connection {
  identity: Identity | null = null;
  /** graphql-ws's own state of it, since `connection_init`. */
  protocol: { readonly acknowledged: boolean } | null = null;
  readonly operations = new Map<string, Operation>();
  /** Admitted operations on their way to graphql-ws; most connections never have one. */
  handedOver: Map<string, ExecutionArgs> | null = null;
  missedPings = 0;
  #isClosing = false;

  constructor(private readonly parts: ConnectionParts) {}

  get reader(): ReaderSocket {
    return this.parts.reader;
  }

  get addressKey(): string {
    return this.parts.addressKey;
  }

  get openedAt(): number {
    return this.parts.openedAt;
  }

  get isClosing(): boolean {
    return this.#isClosing;
  }

  /** True where its credentials were good once and are not any more. */
  isExpiredAt(now: number): boolean {
    const principal = this.identity?.principal ?? null;
    return principal !== null && now >= principal.expiresAt;
  }

  /** Ends everything on it at once, says why, and does not wait long for a reader who may never read it. */
  close({ code, reason }: CloseReason): void {
    if (this.#isClosing) return;
    this.#isClosing = true;
    this.stopOperations();
    const { socket, reader, closeTimeoutMs } = this.parts;
    reader.flush();
    socket.removeAllListeners('message');
    socket.close(code, reason);
    const impatience = setTimeout(() => {
      socket.terminate();
    }, closeTimeoutMs);
    socket.once('close', () => {
      clearTimeout(impatience);
    });
  }

  terminate(): void {
    this.parts.socket.terminate();
  }

  ping(): void {
    this.missedPings += 1;
    this.parts.socket.ping();
  }

  stopOperations(): void {
    const operations = [...this.operations.values()];
    this.operations.clear();
    for (const operation of operations) operation.stop();
  }
}

import type { ExecutionArgs } from 'graphql';
import type { WebSocket } from 'ws';
import type { Principal } from '../identity/principal';
import { rateKeyOf } from '../security/authentication';
import type { CloseReason } from './closeCodes';
import { OperationsById } from './operationsById';
import type { ReaderSocket } from './readerSocket';

/** Who is on the other side, since `connection_init`. */
export interface Identity {
  /** Null where no credentials were given. */
  readonly principal: Principal | null;
}

export interface ConnectionParts {
  /** Told at once when it begins to close: whoever does not say goodbye keeps nobody's place. */
  readonly registry: { remove(connection: Connection): void };
  readonly socket: WebSocket;
  readonly reader: ReaderSocket;
  /** Where it comes from (`plainAddress`). */
  readonly ip: string;
  readonly openedAt: number;
  /** How long a closing socket may take to say goodbye. */
  readonly closeTimeoutMs: number;
}

/** One WebSocket and what is known of it. */
export class Connection {
  identity: Identity | null = null;
  /** graphql-ws's own state of it, since `connection_init`. */
  protocol: { readonly acknowledged: boolean } | null = null;
  readonly operations = new OperationsById();
  /** Admitted operations on their way to graphql-ws; most connections never have one. */
  handedOver: Map<string, ExecutionArgs> | null = null;
  /** Operations that were completed while they were still being opened: each keeps its place until it is. */
  abandoned = 0;
  /** Pings of ours since its last sign of life. */
  missedPings = 0;
  #owedPongs = 0;
  readonly reader: ReaderSocket;
  readonly ip: string;
  /** As limits count it: an IPv4 address, or a /64 of IPv6. */
  readonly addressKey: string;
  readonly openedAt: number;
  readonly #socket: WebSocket;
  readonly #closeTimeoutMs: number;
  readonly #registry: ConnectionParts['registry'];
  #isClosing = false;

  constructor({ registry, socket, reader, ip, openedAt, closeTimeoutMs }: ConnectionParts) {
    this.#registry = registry;
    this.#socket = socket;
    this.reader = reader;
    this.ip = ip;
    this.addressKey = rateKeyOf(null, ip);
    this.openedAt = openedAt;
    this.#closeTimeoutMs = closeTimeoutMs;
  }

  /** Whom limits are counted against. */
  get rateKey(): string {
    const principal = this.identity?.principal ?? null;
    return principal === null ? this.addressKey : rateKeyOf(principal, '');
  }

  /** The same for what its streams cost, without a text for each connection. */
  get payer(): string {
    return this.identity?.principal?.userId ?? this.addressKey;
  }

  /** Bytes that wait for its reader. */
  get backlog(): number {
    return this.#socket.bufferedAmount;
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
    this.#registry.remove(this);
    this.stopOperations();
    const socket = this.#socket;
    this.reader.flush();
    for (const heard of ['message', 'ping', 'pong']) socket.removeAllListeners(heard);
    socket.close(code, reason);
    const impatience = setTimeout(() => {
      socket.terminate();
    }, this.#closeTimeoutMs);
    socket.once('close', () => {
      clearTimeout(impatience);
    });
  }

  terminate(): void {
    this.#socket.terminate();
  }

  ping(): void {
    this.missedPings += 1;
    this.#owedPongs += 1;
    this.#socket.ping();
  }

  /** Whether a pong answers a ping of ours: also one that another message of the client has overtaken. */
  takeOwedPong(): boolean {
    if (this.#owedPongs === 0) return false;
    this.#owedPongs -= 1;
    return true;
  }

  stopOperations(): void {
    const operations = this.operations.list();
    this.operations.clear();
    for (const operation of operations) operation.stop();
  }
}

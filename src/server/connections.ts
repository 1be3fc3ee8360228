import type { AuthorityChange } from '../identity/authorityChange';
import type { Principal } from '../identity/principal';
import type { CloseReason } from './closeCodes';
import type { Connection, Identity } from './connection';

export interface ConnectionCaps {
  readonly maxUninitializedSockets: number;
  readonly maxSocketsPerUser: number;
  readonly maxSocketsPerAddress: number;
}

export type ConnectionCap = 'uninitializedSockets' | 'socketsPerAddress' | 'socketsPerUser';

/** Most users and sessions have one: a list would take more than its entry. */
type ConnectionIndex = Map<string, Connection | Connection[]>;

/** Every connection of this process, and by whom it must be found when somebody loses authority: that costs what it ends, not a search. */
export class Connections {
  readonly #all = new Set<Connection>();
  readonly #byAddress = new Map<string, number>();
  readonly #byUser: ConnectionIndex = new Map();
  readonly #bySession: ConnectionIndex = new Map();
  readonly #byApiKey: ConnectionIndex = new Map();
  #uninitialized = 0;

  constructor(private readonly caps: ConnectionCaps) {}

  /** All of them, for the sweep. */
  [Symbol.iterator](): IterableIterator<Connection> {
    return this.#all.values();
  }

  /** Null where it was taken in, else the cap that keeps it out. */
  add(connection: Connection): ConnectionCap | null {
    const ofAddress = this.#byAddress.get(connection.addressKey) ?? 0;
    if (ofAddress >= this.caps.maxSocketsPerAddress) return 'socketsPerAddress';
    if (this.#uninitialized >= this.caps.maxUninitializedSockets) return 'uninitializedSockets';
    this.#byAddress.set(connection.addressKey, ofAddress + 1);
    this.#all.add(connection);
    this.#uninitialized += 1;
    return null;
  }

  /** Gives a connection its identity, or a fresh one of the same user; 'socketsPerUser' where that is one socket too many. */
  identify(connection: Connection, identity: Identity): ConnectionCap | null {
    // One that is closing has given its place back already.
    if (!this.#all.has(connection)) return null;
    const { principal } = identity;
    const before = connection.identity;
    if (before === null && principal !== null) {
      if (found(this.#byUser, principal.userId).length >= this.caps.maxSocketsPerUser) return 'socketsPerUser';
    }
    if (before === null) this.#uninitialized -= 1;
    else this.#unindex(connection, before.principal);
    connection.identity = identity;
    this.#index(connection, principal);
    return null;
  }

  remove(connection: Connection): void {
    if (!this.#all.delete(connection)) return;
    const ofAddress = (this.#byAddress.get(connection.addressKey) ?? 1) - 1;
    if (ofAddress === 0) this.#byAddress.delete(connection.addressKey);
    else this.#byAddress.set(connection.addressKey, ofAddress);
    if (connection.identity === null) this.#uninitialized -= 1;
    else this.#unindex(connection, connection.identity.principal);
  }

  /** The connections that a change concerns. */
  concernedBy(change: AuthorityChange): readonly Connection[] {
    switch (change.kind) {
      case 'sessionRevoked':
        return found(this.#bySession, change.sessionId);
      case 'allSessionsRevoked':
        return [...this.#bySession.values()].flat();
      case 'apiKeyRevoked':
        return found(this.#byApiKey, change.apiKeyId);
      case 'userDisabled':
      case 'rolesChanged':
        return found(this.#byUser, change.userId);
    }
  }

  closeAll(reason: CloseReason): void {
    for (const connection of this.#all) connection.close(reason);
  }

  #index(connection: Connection, principal: Principal | null): void {
    if (principal === null) return;
    add(this.#byUser, principal.userId, connection);
    add(this.#indexOf(principal), principal.credential.id, connection);
  }

  #unindex(connection: Connection, principal: Principal | null): void {
    if (principal === null) return;
    remove(this.#byUser, principal.userId, connection);
    remove(this.#indexOf(principal), principal.credential.id, connection);
  }

  #indexOf(principal: Principal): ConnectionIndex {
    return principal.credential.kind === 'session' ? this.#bySession : this.#byApiKey;
  }
}

function found(index: ConnectionIndex, key: string): readonly Connection[] {
  const entry = index.get(key) ?? [];
  return Array.isArray(entry) ? entry : [entry];
}

function add(index: ConnectionIndex, key: string, connection: Connection): void {
  const others = found(index, key);
  index.set(key, others.length === 0 ? connection : [...others, connection]);
}

function remove(index: ConnectionIndex, key: string, connection: Connection): void {
  const others = found(index, key).filter((one) => one !== connection);
  const [first, ...more] = others;
  if (first === undefined) index.delete(key);
  else index.set(key, more.length === 0 ? first : others);
}

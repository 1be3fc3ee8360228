import type { Connection } from '../../server/connection';
import type { StreamHub, Subscriber } from './streamHub';

/** Streams one socket may carry, as on Binance. */
const maxStreamsPerSocket = 1024;

/** A client's own message, refused in Binance's words. */
class SocketError extends Error {
  constructor(
    readonly code: number,
    message: string,
  ) {
    super(message);
  }
}

/** What differs between the sockets of spot and of futures. */
export interface SocketDialect {
  readonly isStream: (name: string) => boolean;
  /** In front of a stream's name where faults and the control endpoint name it. */
  readonly label: string;
}

/** Speaks Binance's subscription protocol on one socket. Source: Binance spot API, WebSocket streams. */
export class MarketSocket implements Subscriber {
  isCombined: boolean;

  constructor(
    private readonly connection: Connection,
    private readonly hub: StreamHub,
    private readonly dialect: SocketDialect,
  ) {
    this.isCombined = /\/stream(\/|$)/.test(connection.path);
    connection.on('text', (text) => {
      this.receive(text);
    });
    connection.on('close', () => {
      for (const name of this.names()) hub.unsubscribe(name, this);
    });
    for (const name of streamsOfUrl(connection).filter(dialect.isStream)) this.subscribe(name);
  }

  sendFrame(stream: string, frame: string): void {
    this.connection.sendFrame(this.dialect.label + stream, frame);
  }

  drained(): Promise<void> | null {
    return this.connection.drained();
  }

  private receive(text: string): void {
    let id: unknown = null;
    try {
      const message = parseMessage(text);
      id = message.id;
      this.connection.sendReply(JSON.stringify({ result: this.execute(message), id }));
    } catch (error) {
      if (!(error instanceof SocketError)) throw error;
      this.connection.sendReply(JSON.stringify({ error: { code: error.code, msg: error.message }, id }));
    }
  }

  private execute(message: SocketMessage): unknown {
    switch (message.method) {
      case 'SUBSCRIBE':
        this.subscribeAll(this.streamNames(message.params));
        return null;
      case 'UNSUBSCRIBE':
        for (const name of this.streamNames(message.params)) this.unsubscribe(name);
        return null;
      case 'LIST_SUBSCRIPTIONS':
        return this.names();
      case 'SET_PROPERTY':
        this.setProperty(message.params);
        return null;
      case 'GET_PROPERTY':
        requireCombined(message.params);
        return this.isCombined;
      default:
        throw new SocketError(2, `Invalid request: unknown variant \`${String(message.method)}\``);
    }
  }

  private subscribeAll(names: readonly string[]): void {
    const added = names.filter((name) => !this.connection.streams.has(this.dialect.label + name));
    if (this.connection.streams.size + added.length > maxStreamsPerSocket) {
      throw new SocketError(2, `Invalid request: a connection may carry at most ${maxStreamsPerSocket} streams`);
    }
    for (const name of added) this.subscribe(name);
  }

  private subscribe(name: string): void {
    this.connection.streams.add(this.dialect.label + name);
    this.hub.subscribe(name, this);
  }

  private unsubscribe(name: string): void {
    if (this.connection.streams.delete(this.dialect.label + name)) this.hub.unsubscribe(name, this);
  }

  private names(): string[] {
    return [...this.connection.streams].map((label) => label.slice(this.dialect.label.length));
  }

  private streamNames(params: unknown): string[] {
    if (!Array.isArray(params)) throw new SocketError(2, 'Invalid request: params must be an array of stream names');
    return params.map((name: unknown) => {
      if (typeof name === 'string' && this.dialect.isStream(name)) return name;
      throw new SocketError(2, 'Invalid request: invalid stream');
    });
  }

  private setProperty(params: unknown): void {
    requireCombined(params);
    const value: unknown = Array.isArray(params) ? params[1] : undefined;
    if (typeof value !== 'boolean') throw new SocketError(2, 'Invalid request: invalid type, expected a boolean');
    this.isCombined = value;
  }
}

interface SocketMessage {
  readonly id: unknown;
  readonly method: unknown;
  readonly params: unknown;
}

function parseMessage(text: string): SocketMessage {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    throw new SocketError(3, 'Invalid JSON: expected value at line 1 column 1');
  }
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) {
    throw new SocketError(2, 'Invalid request: request must be an object');
  }
  const { id = null, method, params } = parsed as Partial<SocketMessage>;
  return { id, method, params };
}

function requireCombined(params: unknown): void {
  if (!Array.isArray(params) || params[0] !== 'combined') throw new SocketError(0, 'Unknown property');
}

/** Streams named by the URL itself: /ws/<name> and /stream?streams=<name>/<name>. May hold what is no stream's name. */
function streamsOfUrl(connection: Connection): string[] {
  const inQuery = new URLSearchParams(connection.query).get('streams')?.split('/') ?? [];
  const inPath = connection.path.split('/');
  return [...new Set([...inPath, ...inQuery])];
}

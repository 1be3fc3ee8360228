import type { Connection } from '../../server/connection';
import type { ChannelHub } from './channelHub';
import { parseChannelName } from './channelName';

/** Channels one socket may carry, as on MEXC. */
const maxChannelsPerSocket = 30;

/** Speaks MEXC's subscription protocol on one socket: JSON both ways, data as protobuf. Source: MEXC spot v3, WebSocket market streams. */
export class MarketSocket {
  constructor(
    private readonly connection: Connection,
    private readonly hub: ChannelHub,
  ) {
    connection.on('text', (text) => {
      this.receive(text);
    });
    connection.on('close', () => {
      for (const name of connection.streams) hub.unsubscribe(name, connection);
    });
  }

  private receive(text: string): void {
    const message = parseMessage(text);
    // Whatever is wrong, code stays 0: only the text tells.
    const id = typeof message?.id === 'number' ? message.id : 0;
    this.connection.sendReply(JSON.stringify({ id, code: 0, msg: this.answer(message) }));
  }

  private answer(message: SocketMessage | null): string {
    const method = typeof message?.method === 'string' ? message.method.toUpperCase() : '';
    if (method === 'PING') return 'PONG';
    const names = toNames(message?.params);
    if (names === null) return 'msg format invalid';
    if (method === 'SUBSCRIPTION') return this.subscribe(names);
    if (method === 'UNSUBSCRIPTION') return this.unsubscribe(names);
    return 'msg format invalid';
  }

  private subscribe(names: readonly string[]): string {
    const refused = names.filter((name) => !this.open(name));
    if (refused.length === 0) return names.join(',');
    return `Not Subscribed successfully! [${refused.join(',')}].  Reason： Blocked! `;
  }

  private open(name: string): boolean {
    const { streams } = this.connection;
    if (streams.has(name)) return true;
    const request = parseChannelName(name);
    if (request === null || streams.size >= maxChannelsPerSocket) return false;
    if (!this.hub.subscribe(name, request, this.connection)) return false;
    streams.add(name);
    return true;
  }

  private unsubscribe(names: readonly string[]): string {
    for (const name of names) {
      if (this.connection.streams.delete(name)) this.hub.unsubscribe(name, this.connection);
    }
    return names.join(',');
  }
}

interface SocketMessage {
  readonly id?: unknown;
  readonly method?: unknown;
  readonly params?: unknown;
}

function parseMessage(text: string): SocketMessage | null {
  try {
    const parsed: unknown = JSON.parse(text);
    return typeof parsed === 'object' ? parsed : null;
  } catch {
    // Not JSON: answered like any other message that makes no sense.
    return null;
  }
}

function toNames(params: unknown): readonly string[] | null {
  if (!Array.isArray(params)) return null;
  const names = params.filter((name): name is string => typeof name === 'string');
  return names.length === params.length ? names : null;
}

import type { Connection } from '../../server/connection';
import type { PrivateChannels } from '../trading/privateChannels';
import type { ChannelHub } from './channelHub';
import { parseChannelName } from './channelName';

/** Channels one socket may carry, as on MEXC. */
const maxChannelsPerSocket = 30;

/** Speaks MEXC's subscription protocol on one socket: JSON both ways, data as protobuf. Source: MEXC spot v3, WebSocket market streams. */
export class MarketSocket {
  constructor(
    private readonly connection: Connection,
    private readonly channels: {
      readonly hub: ChannelHub;
      /** Null on a socket that no account has opened. */
      readonly private: PrivateChannels | null;
    },
  ) {
    connection.on('text', (text) => {
      this.receive(text);
    });
    connection.on('close', () => {
      for (const name of connection.streams) channels.hub.unsubscribe(name, connection);
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
    if (streams.size >= maxChannelsPerSocket || !this.subscribeTo(name)) return false;
    streams.add(name);
    return true;
  }

  private subscribeTo(name: string): boolean {
    const { hub, private: account } = this.channels;
    if (account?.subscribe(name) === true) return true;
    const request = parseChannelName(name);
    return request !== null && hub.subscribe(name, request, this.connection);
  }

  private unsubscribe(names: readonly string[]): string {
    for (const name of names) {
      if (!this.connection.streams.delete(name)) continue;
      this.channels.hub.unsubscribe(name, this.connection);
      this.channels.private?.unsubscribe(name);
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

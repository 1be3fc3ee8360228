import type { Venue } from '../../engine/venue';
import type { PushBody, PushHeader, PushMessage } from '../protobuf';
import type { Close } from './channel';
import type { ChannelRequest } from './channelName';
import { openChannel } from './marketChannels';

/** Who receives a channel's frames. */
export interface Subscriber {
  sendFrame(channel: string, frame: Buffer): void;
}

interface OpenChannel {
  readonly subscribers: Set<Subscriber>;
  readonly close: Close;
}

/** Opens each channel once, however many subscribe to it, and closes it when the last of them leaves. */
export class ChannelHub {
  private readonly channels = new Map<string, OpenChannel>();

  constructor(
    private readonly venue: Venue,
    private readonly encode: (message: PushMessage) => Buffer,
  ) {}

  /** False where the market is not listed: nothing is opened then. */
  subscribe(name: string, request: ChannelRequest, subscriber: Subscriber): boolean {
    const market = this.venue.markets.get(request.symbol);
    if (market === undefined) return false;
    const existing = this.channels.get(name);
    if (existing !== undefined) {
      existing.subscribers.add(subscriber);
      return true;
    }
    const subscribers = new Set([subscriber]);
    const push = (body: PushBody): void => {
      const time = market.time();
      const times = request.kind === 'kline' ? { createTime: time } : { sendTime: time };
      const header: PushHeader = { channel: name, symbol: market.spec.id, ...times };
      // Each frame is written once, however many receive it.
      const frame = this.encode({ ...header, ...body });
      for (const each of subscribers) each.sendFrame(name, frame);
    };
    this.channels.set(name, { subscribers, close: openChannel(request, { market, push }) });
    return true;
  }

  unsubscribe(name: string, subscriber: Subscriber): void {
    const channel = this.channels.get(name);
    if (channel?.subscribers.delete(subscriber) !== true || channel.subscribers.size > 0) return;
    this.channels.delete(name);
    channel.close();
  }

  stop(): void {
    for (const channel of this.channels.values()) channel.close();
    this.channels.clear();
  }
}

import type { Close, Sink } from './stream';

/** Who receives a stream's frames. */
export interface Subscriber {
  /** True for `{"stream":…,"data":…}` around each frame (paths under /stream), false for the bare frame (/ws). */
  readonly isCombined: boolean;
  sendFrame(stream: string, frame: string): void;
  /** Null where it keeps up, else a promise that it does again. */
  drained(): Promise<void> | null;
}

interface OpenStream {
  readonly subscribers: Set<Subscriber>;
  close: Close | null;
}

/** Opens each stream once, however many subscribe to it, and closes it when the last of them leaves. */
export class StreamHub {
  private readonly streams = new Map<string, OpenStream>();

  /** open: opens a stream by name, or gives null where nothing will ever come. */
  constructor(private readonly open: (name: string, sink: Sink) => Close | null) {}

  subscribe(name: string, subscriber: Subscriber): void {
    const existing = this.streams.get(name);
    if (existing !== undefined) {
      existing.subscribers.add(subscriber);
      return;
    }
    const stream: OpenStream = { subscribers: new Set([subscriber]), close: null };
    this.streams.set(name, stream);
    stream.close = this.open(name, {
      emit: (data) => {
        publish(name, data, stream.subscribers);
      },
      drained: () => allDrained(stream.subscribers),
    });
  }

  unsubscribe(name: string, subscriber: Subscriber): void {
    const stream = this.streams.get(name);
    if (stream?.subscribers.delete(subscriber) !== true || stream.subscribers.size > 0) return;
    this.streams.delete(name);
    stream.close?.();
  }

  stop(): void {
    for (const stream of this.streams.values()) stream.close?.();
    this.streams.clear();
  }
}

/** Each form of a frame is written once, however many receive it. */
function publish(name: string, data: string, subscribers: ReadonlySet<Subscriber>): void {
  let combined: string | null = null;
  for (const subscriber of subscribers) {
    if (subscriber.isCombined) combined ??= `{"stream":${JSON.stringify(name)},"data":${data}}`;
    subscriber.sendFrame(name, subscriber.isCombined ? (combined ?? data) : data);
  }
}

function allDrained(subscribers: ReadonlySet<Subscriber>): Promise<void> | null {
  const waits = [...subscribers].map((subscriber) => subscriber.drained()).filter((wait) => wait !== null);
  return waits.length === 0 ? null : Promise.all(waits).then(() => undefined);
}

import { once } from 'node:events';
import { WebSocket } from 'ws';

const waitMs = 20_000;

/** A plain socket to an exchange, whose messages are read one after another in the order of arrival. */
export interface ExchangeSocket {
  readonly socket: WebSocket;
  /** What the server's pings carried. */
  readonly pings: readonly string[];
  send(message: object | string): void;
  /** The next message that nobody has read yet. Throws where none comes. */
  next(): Promise<string>;
  /** The next message that fits, as JSON; those before it are passed over. */
  nextJson<T>(isWanted: (message: T) => boolean): Promise<T>;
  /** Messages that have come and have not been read. */
  unread(): number;
  close(): Promise<void>;
}

export async function openExchangeSocket(url: string): Promise<ExchangeSocket> {
  const socket = new WebSocket(url);
  const queue: string[] = [];
  const pings: string[] = [];
  let wake: (() => void) | null = null;
  socket.on('message', (data: Buffer) => {
    queue.push(data.toString('utf8'));
    wake?.();
  });
  socket.on('ping', (data: Buffer) => pings.push(data.toString('utf8')));
  await once(socket, 'open');

  const next = async (): Promise<string> => {
    const deadline = Date.now() + waitMs;
    for (;;) {
      const message = queue.shift();
      if (message !== undefined) return message;
      if (Date.now() > deadline) throw new Error(`no message within ${waitMs} ms from ${url}`);
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, deadline - Date.now());
        wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
  };
  return {
    socket,
    pings,
    send: (message) => {
      socket.send(typeof message === 'string' ? message : JSON.stringify(message));
    },
    next,
    nextJson: async <T>(isWanted: (message: T) => boolean) => {
      for (;;) {
        const message = JSON.parse(await next()) as T;
        if (isWanted(message)) return message;
      }
    },
    unread: () => queue.length,
    close: async () => {
      if (socket.readyState === WebSocket.CLOSED) return;
      const closed = once(socket, 'close');
      socket.close();
      await closed;
    },
  };
}

/** Waits until the condition holds, looking again every few milliseconds. Throws after a generous while. */
export async function until(condition: () => boolean | Promise<boolean>, what: string): Promise<void> {
  const deadline = Date.now() + waitMs;
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error(`never came true within ${waitMs} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

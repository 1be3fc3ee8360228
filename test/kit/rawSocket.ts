import { once } from 'node:events';
import WebSocket, { type ClientOptions } from 'ws';

export interface Message {
  readonly id?: string;
  readonly type: string;
  readonly payload?: unknown;
}

/** graphql-transport-ws by hand: sends what a well-behaved client never would, and reads what comes back, frame by frame. */
export class RawSocket {
  readonly #arrived: Message[] = [];
  readonly #waiting: ((message: Message) => void)[] = [];
  readonly closed: Promise<{ readonly code: number; readonly reason: string }>;

  private constructor(readonly socket: WebSocket) {
    this.closed = new Promise((resolve) => {
      socket.once('close', (code, reason) => {
        resolve({ code, reason: reason.toString() });
      });
    });
    socket.on('error', () => undefined);
    socket.on('message', (data) => {
      const message = JSON.parse((data as Buffer).toString()) as Message;
      const deliver = this.#waiting.shift();
      if (deliver === undefined) this.#arrived.push(message);
      else deliver(message);
    });
  }

  static async open(url: string, options: ClientOptions = {}): Promise<RawSocket> {
    const socket = new WebSocket(url, 'graphql-transport-ws', options);
    const raw = new RawSocket(socket);
    await once(socket, 'open');
    return raw;
  }

  /** Opens, sends `connection_init` and waits for its acknowledgement. */
  static async connect(url: string, authorization?: string): Promise<RawSocket> {
    const raw = await RawSocket.open(url);
    raw.send({ type: 'connection_init', ...(authorization === undefined ? {} : { payload: { authorization } }) });
    const message = await raw.next();
    if (message.type !== 'connection_ack') throw new Error(`expected connection_ack, got ${message.type}`);
    return raw;
  }

  send(message: unknown): void {
    this.socket.send(typeof message === 'string' || Buffer.isBuffer(message) ? message : JSON.stringify(message));
  }

  subscribe(id: string, query: string, variables?: Record<string, unknown>): void {
    this.send({ id, type: 'subscribe', payload: { query, variables } });
  }

  /** Hands several messages to the kernel at once, so that the server reads them together. */
  sendTogether(messages: readonly unknown[]): void {
    const { _socket: stream } = this.socket as WebSocket & { readonly _socket: { cork(): void; uncork(): void } };
    stream.cork();
    for (const message of messages) this.send(message);
    stream.uncork();
  }

  next(): Promise<Message> {
    const message = this.#arrived.shift();
    if (message !== undefined) return Promise.resolve(message);
    return Promise.race([
      new Promise<Message>((resolve) => this.#waiting.push(resolve)),
      this.closed.then(({ code }) => Promise.reject(new Error(`the socket closed with ${code}`))),
    ]);
  }

  /** Asks for a sign of life: whatever came before the answer. */
  async messagesUntilPong(): Promise<readonly Message[]> {
    this.send({ type: 'ping' });
    const before: Message[] = [];
    for (;;) {
      const message = await this.next();
      if (message.type === 'pong') return before;
      before.push(message);
    }
  }

  /** Whether a ping is what is answered next. */
  async isAlive(): Promise<boolean> {
    this.send({ type: 'ping' });
    return (await this.next()).type === 'pong';
  }

  close(): void {
    this.socket.terminate();
  }
}

import { once } from 'node:events';
import WebSocket from 'ws';
import type { Message } from './rawSocket';

/** A client that reads as fast as it can, answers what it is asked, and keeps all that it was sent. */
export class RecordingClient {
  readonly messages: Message[] = [];
  /** Null while the socket is open. */
  closeCode: number | null = null;
  #awaited: (() => void) | null = null;

  private constructor(private readonly socket: WebSocket) {
    socket.on('message', (data) => {
      this.#receive(JSON.parse((data as Buffer).toString()) as Message);
    });
    socket.once('close', (code) => {
      this.closeCode = code;
      this.#awaited?.();
    });
  }

  /** Opens a socket, and says who it is for; without waiting for an answer, which may be that it is closed. */
  static async open(url: string, authorization: string | null): Promise<RecordingClient> {
    const socket = new WebSocket(url, 'graphql-transport-ws');
    const client = new RecordingClient(socket);
    await once(socket, 'open');
    client.send({ type: 'connection_init', ...(authorization === null ? {} : { payload: { authorization } }) });
    return client;
  }

  send(message: unknown): void {
    if (this.closeCode === null) this.socket.send(typeof message === 'string' ? message : JSON.stringify(message));
  }

  /** Waits until the server has read all that was sent so far, or has closed the socket. */
  async roundTrip(): Promise<void> {
    if (this.closeCode !== null) return;
    const answered = new Promise<void>((resolve) => {
      this.#awaited = resolve;
    });
    this.send({ type: 'ping' });
    await answered;
  }

  /** What came for an operation id, in order. */
  messagesOf(id: string): readonly Message[] {
    return this.messages.filter((message) => message.id === id);
  }

  close(): void {
    this.socket.terminate();
  }

  #receive(message: Message): void {
    if (message.type === 'ping') {
      this.send({ type: 'pong' });
    } else if (message.type === 'pong') {
      this.#awaited?.();
    } else {
      this.messages.push(message);
    }
  }
}

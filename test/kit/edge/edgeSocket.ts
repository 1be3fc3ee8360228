import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import WebSocket from 'ws';

/** What became of an attempt to open a WebSocket. */
export interface EdgeSocket {
  /** 101 where it is open. */
  readonly status: number;
  readonly socket: WebSocket;
  readonly retryAfter: string | undefined;
}

export interface SocketWish {
  readonly from?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Opens a WebSocket through TLS, from an address of 127.0.0.0/8. */
export async function openSocket(
  baseUrl: string,
  { from = '127.0.0.1', headers = {} }: SocketWish = {},
): Promise<EdgeSocket> {
  const { host, port, hostname } = new URL(baseUrl);
  const options = {
    servername: hostname,
    rejectUnauthorized: false,
    localAddress: from,
    headers: { host, ...headers },
  };
  const socket = new WebSocket(`wss://127.0.0.1:${port}/graphql`, 'graphql-transport-ws', options);
  socket.on('error', () => undefined);
  const opened = once(socket, 'open').then(() => ({ status: 101, retryAfter: undefined }));
  const refused = once(socket, 'unexpected-response').then(([request, answer]) => {
    (request as { destroy(): void }).destroy();
    const { statusCode = 0, headers: told } = answer as IncomingMessage;
    return { status: statusCode, retryAfter: told['retry-after'] };
  });
  for (const loser of [opened, refused]) loser.catch(() => undefined);
  return { socket, ...(await Promise.race([opened, refused])) };
}

/** Opens so many, one after the other, and keeps them. */
export async function openSockets(
  baseUrl: string,
  count: number,
  wish: SocketWish = {},
): Promise<readonly EdgeSocket[]> {
  const sockets: EdgeSocket[] = [];
  for (let at = 0; at < count; at += 1) sockets.push(await openSocket(baseUrl, wish));
  return sockets;
}

export async function closeSocket({ socket }: EdgeSocket): Promise<void> {
  // One that was refused never was open.
  if (socket.readyState !== WebSocket.OPEN) return;
  const closed = once(socket, 'close');
  socket.terminate();
  await closed;
}

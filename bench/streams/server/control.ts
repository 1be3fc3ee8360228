import { createServer, type Socket } from 'node:net';
import type { AddressInfo } from 'node:net';
import { commandBytes, readCommand } from '../command';
import type { Feed } from './feed';

/**
 * Publishes what the client asks for. One command a turn of the event loop: two bursts that arrive in one read are
 * still two bursts, as they would be from an exchange.
 */
export function listenForCommands(feed: Feed): Promise<number> {
  const server = createServer({ noDelay: true }, (socket) => {
    obey(socket, feed);
  });
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => {
      resolve((server.address() as AddressInfo).port);
    });
  });
}

function obey(socket: Socket, feed: Feed): void {
  let waiting: Buffer = Buffer.alloc(0);
  let isScheduled = false;
  const obeyOne = (): void => {
    isScheduled = false;
    if (waiting.length < commandBytes) return;
    const { market, sequence } = readCommand(waiting);
    waiting = waiting.subarray(commandBytes);
    feed.publish(market, sequence);
    schedule();
  };
  const schedule = (): void => {
    if (isScheduled || waiting.length < commandBytes) return;
    isScheduled = true;
    // The first comes before what this turn has for the sockets is written, the second after it.
    setImmediate(() => setImmediate(obeyOne));
  };
  socket.on('data', (chunk: Buffer) => {
    waiting = waiting.length === 0 ? chunk : Buffer.concat([waiting, chunk]);
    if (!isScheduled) obeyOne();
  });
  socket.on('error', () => socket.destroy());
}

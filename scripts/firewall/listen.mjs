// Listens on ports, over TCP and UDP, IPv4 and IPv6, and answers whoever comes through: node listen.mjs PORT …
import { createSocket } from 'node:dgram';
import { createServer, isIPv6 } from 'node:net';
import { networkInterfaces } from 'node:os';

const ports = process.argv.slice(2).map(Number);
/** A datagram is answered from the address that was asked only by a socket of that address. */
const own = Object.values(networkInterfaces()).flatMap((all) => all.map(({ address, scopeid }) => [address, scopeid]));

await Promise.all(
  ports.flatMap((port) => [
    new Promise((resolve, reject) => {
      createServer((socket) => socket.on('error', () => undefined).end('here'))
        .on('error', reject)
        .listen(port, '::', resolve);
    }),
    ...own
      .filter(([, scopeid]) => !scopeid)
      .map(
        ([address]) =>
          new Promise((resolve, reject) => {
            const socket = createSocket(isIPv6(address) ? 'udp6' : 'udp4').on('error', reject);
            socket.on('message', (_, from) => socket.send('here', from.port, from.address));
            socket.bind(port, address, resolve);
          }),
      ),
  ]),
);
console.log('listening');

// Listens on ports, over TCP and UDP, IPv4 and IPv6, and answers whoever comes through: node listen.mjs '{"exchange.example":["198.51.100.10"]}' PORT …
// Who asks for one of these names, as a resolver is asked, is told its addresses.
import { createSocket } from 'node:dgram';
import { createServer, isIPv6 } from 'node:net';
import { networkInterfaces } from 'node:os';
import { AUTHORITATIVE_ANSWER, decode, encode } from 'dns-packet';

const [names, ...ports] = process.argv.slice(2).map((argument) => JSON.parse(argument));
/** A datagram is answered from the address that was asked only by a socket of that address. */
const own = Object.values(networkInterfaces()).flatMap((all) => all.map(({ address, scopeid }) => [address, scopeid]));

function answerTo(datagram) {
  let query;
  try {
    query = decode(datagram);
  } catch {
    return 'here';
  }
  const { id, questions } = query;
  const answers = questions.flatMap(({ name, type }) =>
    (names[name] ?? [])
      .filter((address) => type === (isIPv6(address) ? 'AAAA' : 'A'))
      .map((address) => ({ name, type, ttl: 0, data: address })),
  );
  return encode({ type: 'response', id, flags: AUTHORITATIVE_ANSWER, questions, answers });
}

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
            socket.on('message', (datagram, from) => socket.send(answerTo(datagram), from.port, from.address));
            socket.bind(port, address, resolve);
          }),
      ),
  ]),
);
console.log('listening');

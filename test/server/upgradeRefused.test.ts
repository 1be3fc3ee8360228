import { once } from 'node:events';
import { connect } from 'node:net';
import { TestServer } from '../kit/testServer';

const upgrade = [
  'Host: localhost',
  'Connection: Upgrade',
  'Upgrade: websocket',
  'Sec-WebSocket-Version: 13',
  'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
];

it.each([
  [403, '/graphql', ['Origin: https://evil.example']],
  [404, '/other', []],
])(
  'an upgrade that is refused with %i is over, though its client keeps its half open',
  async (status, path, headers) => {
    const server = await TestServer.start();
    const client = connect({ port: server.running.port, host: '127.0.0.1', allowHalfOpen: true });
    client.on('error', () => undefined);
    client.write([`GET ${path} HTTP/1.1`, ...upgrade, ...headers, '', ''].join('\r\n'));
    const [answer] = (await once(client, 'data')) as [Buffer];
    expect(answer.toString()).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
    // Resolves only when no connection is left.
    await server.stop();
    client.destroy();
  },
);

import { once } from 'node:events';
import { connect } from 'node:net';
import { limits } from '../../src/security/limits';
import { TestServer } from '../kit/testServer';

const { drainTimeoutMs } = limits.http;

describe('closing the server', () => {
  it(
    'does not wait for the rest of a request that never comes',
    async () => {
      const server = await TestServer.start();
      const socket = connect(server.running.port, '127.0.0.1');
      socket.on('error', () => undefined);
      const gone = once(socket, 'close');
      const head = 'POST /graphql HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n';
      // The server's word to go on with the body says that the request is running.
      socket.write(`${head}Expect: 100-continue\r\nContent-Length: 1000\r\n\r\n{"query"`);
      await once(socket, 'data');

      const startedAtMs = performance.now();
      await server.stop();
      await gone;
      expect(performance.now() - startedAtMs).toBeGreaterThan(drainTimeoutMs - 100);
    },
    drainTimeoutMs + 15_000,
  );

  it('lets a request that is running end', async () => {
    const server = await TestServer.start();
    const body = JSON.stringify({ query: '{ serverTime }' });
    const socket = connect(server.running.port, '127.0.0.1');
    let received = '';
    socket.on('data', (chunk: Buffer) => (received += chunk.toString()));
    const head = 'POST /graphql HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n';
    socket.write(`${head}Expect: 100-continue\r\nContent-Length: ${body.length}\r\n\r\n`);
    await once(socket, 'data');

    const stopped = server.stop();
    socket.write(body);
    await Promise.all([stopped, once(socket, 'close')]);
    expect(received).toMatch(/HTTP\/1\.1 200 [^]*"serverTime"/);
  });
});

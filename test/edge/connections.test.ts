import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import path from 'node:path';
import { text as textOf } from 'node:stream/consumers';
import { RunningNginx } from '../../scripts/edge/runningNginx';
import { findProjectDir } from '../../src/config/processConfig';
import { describeWith } from '../kit/needs';

const main = readFileSync(path.join(findProjectDir(), 'nginx/nginx.conf'), 'utf8');

function numberOf(directive: string): number {
  return Number(new RegExp(`^\\s*${directive} (\\d+);`, 'm').exec(main)?.[1]);
}

describeWith('nginx', 'connections of the edge', () => {
  let nginx: RunningNginx;

  beforeAll(async () => {
    nginx = await RunningNginx.start({ nodes: ['127.0.0.1:9'] });
  });
  afterAll(() => nginx.stop());

  // Those are for TLS: whoever speaks plain text is told where that is, and has nothing more to ask.
  it.each(['GET /', 'GET /graphql', 'POST /', 'GET /.well-known/acme-challenge/none'])(
    'end with the first answer in plain text: %s',
    async (asked) => {
      const socket = connect({ host: '127.0.0.1', port: nginx.ports.http });
      await once(socket, 'connect');
      const request = `${asked} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n`;
      socket.on('error', () => undefined).write(`${request}\r\n${request}Connection: close\r\n\r\n`);
      const said = await textOf(socket);
      expect(said.match(/^HTTP\/1\.1 \d{3} /gm)).toHaveLength(1);
      expect(said).toContain('\r\nConnection: close\r\n');
    },
  );

  // Each may hold a second one, of a body that waits in /tmp.
  it('have descriptors for as many as a worker takes, whatever it was started with', () => {
    const pid = readFileSync(path.join(nginx.dir, 'nginx.pid'), 'utf8').trim();
    const workers = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ');
    const given = workers.map((worker) =>
      Number(/^Max open files\s+(\d+)/m.exec(readFileSync(`/proc/${worker}/limits`, 'utf8'))?.[1]),
    );
    expect(given).toEqual(Array.from({ length: numberOf('worker_processes') }, () => numberOf('worker_rlimit_nofile')));
    expect(given[0]).toBeGreaterThan(2 * numberOf('worker_connections'));
  });
});

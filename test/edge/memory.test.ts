import { once } from 'node:events';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import path from 'node:path';
import { connect, type TLSSocket } from 'node:tls';
import { RunningNginx } from '../../scripts/edge/runningNginx';
import { findProjectDir } from '../../src/config/processConfig';
import { eventually } from '../kit/eventually';
import { describeWith } from '../kit/needs';

const connections = 200;
const addresses = 20;
/** As much as nginx takes. */
const longHeaders = `X-A: ${'a'.repeat(7_500)}\r\nX-B: ${'b'.repeat(7_500)}\r\n`;
const [large, small] = [
  { length: 262_000, sent: 200_000 },
  { length: 9_999, sent: 9_900 },
] as const;

const read = (file: string): string => readFileSync(path.join(findProjectDir(), file), 'utf8');

/** The number behind that, in a file of the project. */
function numberIn(file: string, pattern: RegExp): number {
  const [, found] = pattern.exec(read(file)) ?? [];
  if (found === undefined) throw new Error(`${file} has no ${pattern.source}`);
  return Number(found);
}

/** In MB: what the container may have, and what of that its /tmp may take. */
function bounds(): readonly (readonly [string, number, number])[] {
  const [compose, kubernetes] = ['docker/compose.yaml', 'docker/kubernetes/nginx.yaml'];
  const ofNginx = (pattern: RegExp): number => numberIn(compose, new RegExp(`\\n  nginx:[^]*?${pattern.source}`));
  return [
    ['compose', ofNginx(/mem_limit: (\d+)m/), ofNginx(/- \/tmp:\S*size=(\d+)m/)],
    [
      'kubernetes',
      numberIn(kubernetes, /limits: \{ .*memory: (\d+)Mi \}/),
      numberIn(kubernetes, /temporary, emptyDir: \{ medium: Memory, sizeLimit: (\d+)Mi \}/),
    ],
  ];
}

describeWith('nginx', 'memory of the edge', () => {
  let nginx: RunningNginx;
  let worker: number;

  beforeAll(async () => {
    const edit = (_file: string, text: string): string =>
      text.replace(/^worker_processes \w+;/m, 'worker_processes 1;').replaceAll('burst=20', 'burst=500');
    // Nobody is asked: no body is ever whole.
    nginx = await RunningNginx.start({ nodes: ['127.0.0.1:9'], edit });
    const pid = Number(readFileSync(path.join(nginx.dir, 'nginx.pid'), 'utf8'));
    worker = Number(readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim());
  });
  afterAll(() => nginx.stop());

  function heldKb(): number {
    return Number(/^Pss:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${worker}/smaps_rollup`, 'utf8'))?.[1]);
  }

  /** How many bodies it has in /tmp. */
  function bodiesInFiles(): number {
    const files = readdirSync(`/proc/${worker}/fd`).map((at) => {
      try {
        return readlinkSync(`/proc/${worker}/fd/${at}`);
      } catch {
        return '';
      }
    });
    return files.filter((file) => file.startsWith(path.join(nginx.dir, 'body/'))).length;
  }

  async function sendSlowly(at: number, { length, sent }: { length: number; sent: number }): Promise<TLSSocket> {
    const from = { localAddress: `127.0.1.${1 + (at % addresses)}` };
    const target = { host: '127.0.0.1', port: nginx.ports.https, servername: 'localhost', rejectUnauthorized: false };
    const socket = connect({ ...target, ...from });
    socket.on('error', () => undefined).resume();
    await once(socket, 'secureConnect');
    const head = `POST /graphql HTTP/1.1\r\nHost: localhost\r\n${longHeaders}Content-Length: ${length}\r\n\r\n`;
    socket.write(head + 'x'.repeat(sent));
    return socket;
  }

  it('is enough for as many connections as it takes, each with the costliest request that it lets begin', async () => {
    const before = heldKb();
    const sockets: TLSSocket[] = [];
    for (let at = 0; at < connections; at += 1) sockets.push(await sendSlowly(at, at % 2 === 0 ? large : small));
    // What is large waits in /tmp, which has an end.
    await eventually(() => bodiesInFiles() === connections / 2);
    const kbPerConnection = (heldKb() - before) / connections;
    for (const socket of sockets) socket.destroy();
    const taken =
      numberIn('nginx/nginx.conf', /^worker_processes (\d+);/m) *
      numberIn('nginx/nginx.conf', /^\s*worker_connections (\d+);/m);
    for (const [place, limitMb, temporaryMb] of bounds()) {
      const neededMb = (taken * kbPerConnection) / 1024 + temporaryMb;
      expect([place, neededMb < limitMb ? 'enough' : `${neededMb.toFixed(0)} MB`]).toEqual([place, 'enough']);
    }
  });
});

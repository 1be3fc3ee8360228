import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import type { ServerResponse } from 'node:http';
import { connect } from 'node:net';
import path from 'node:path';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import { RunningNginx, type NginxWishes } from '../../scripts/edge/runningNginx';
import { findProjectDir } from '../../src/config/processConfig';
import { limits } from '../../src/security/limits';
import { ask, codeOf, graphql } from '../kit/edge/edgeRequest';
import { RecordingNode } from '../kit/edge/recordingNode';
import { eventually } from '../kit/eventually';
import { NodeProcess } from '../kit/nodeProcess';
import { describeWith } from '../kit/needs';

const question = graphql('{ serverTime }');
/** More than every buffer on the way holds. */
const plenty = Buffer.alloc(32 * 1024 * 1024, 'x');
/** States of a connection, as the kernel writes them: include/net/tcp_states.h. */
const [established, waitingToEnd] = ['01', '04'] as const;
/** Nobody listens there. */
const gone = ['127.0.0.1:9', '127.0.0.2:9', '127.0.0.3:9'] as const;

/** A second in place of what the template says. */
function impatient(directive: string): NonNullable<NginxWishes['edit']> {
  return (_file, text) => text.replaceAll(new RegExp(`^(\\s*${directive}) \\d+s;$`, 'gm'), '$1 1s;');
}

/** The states of this machine's connections from a port of its own. */
function statesOf(port: number): readonly string[] {
  const rows = readFileSync('/proc/net/tcp', 'utf8').split('\n').slice(1);
  const fields = rows.map((row) => row.trim().split(/\s+/));
  const end = `:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  return fields.flatMap(([, local = '', , state = '']) => (local.endsWith(end) ? [state] : []));
}

describeWith('nginx', 'nodes behind the edge', () => {
  let nodes: readonly RecordingNode[];
  let nginx: RunningNginx;

  beforeAll(async () => {
    nodes = await Promise.all([RecordingNode.start(), RecordingNode.start()]);
  });
  afterAll(() => Promise.all(nodes.map((node) => node.stop())));
  beforeEach(() => {
    for (const node of nodes) node.reset();
  });
  afterEach(() => nginx.stop());

  async function start(wishes: Partial<NginxWishes> = {}): Promise<void> {
    nginx = await RunningNginx.start({ nodes: nodes.map(({ address }) => address), ...wishes });
  }

  /** A client that has sent this, and reads nothing. */
  async function deafClient(text: string): Promise<TLSSocket> {
    const { https: port } = nginx.ports;
    const socket = connectTls({ port, host: '127.0.0.1', servername: 'localhost', rejectUnauthorized: false });
    await once(socket, 'secureConnect');
    socket.write(text);
    return socket;
  }

  it('are sent a request once, where one broke it off: it may have been carried out', async () => {
    for (const node of nodes) node.answer = (answer) => answer.destroy();
    await start();
    const answer = await ask(nginx.httpsUrl, question);
    expect([answer.status, codeOf(answer)]).toEqual([502, 'SERVER_UNAVAILABLE']);
    expect(nodes.flatMap(({ requests }) => requests).length).toBe(1);
  });

  it.each(['GET', 'DELETE'])(
    'may both be sent a %s, where one broke it off: twice is as good as once',
    async (method) => {
      for (const node of nodes) node.answer = (answer) => answer.destroy();
      await start();
      expect((await ask(nginx.httpsUrl, { path: '/auth/session', method })).status).toBe(502);
      expect(nodes.map(({ requests }) => requests.length)).toEqual([1, 1]);
    },
  );

  it('are tried twice at most, where nobody is', async () => {
    await start({ nodes: [...gone, nodes[0]!.address] });
    expect((await ask(nginx.httpsUrl, question)).status).toBe(502);
    const line = await eventually(() => {
      const text = readFileSync(nginx.accessLog, 'utf8');
      return text.endsWith('\n') && text;
    });
    expect((JSON.parse(line) as { node: string }).node.split(', ').length).toBe(2);
  });

  it('are asked by how busy they are, which every worker of nginx knows', async () => {
    await start({ edit: (_file, text) => text.replace(/^worker_processes \w+;/m, 'worker_processes 4;') });
    const held: ServerResponse[] = [];
    for (const node of nodes) node.answer = (answer) => held.push(answer);
    const first = ask(nginx.httpsUrl, question);
    await eventually(() => held.length === 1);
    const [busy, idle] = [...nodes].sort((a, b) => b.requests.length - a.requests.length) as [
      RecordingNode,
      RecordingNode,
    ];
    idle.answer = (answer) => answer.end('{}');
    for (let at = 0; at < 12; at += 1) expect((await ask(nginx.httpsUrl, question)).status).toBe(200);
    expect([busy.requests.length, idle.requests.length]).toEqual([1, 12]);
    held[0]?.end('{}');
    expect((await first).status).toBe(200);
  });

  it.each(['/graphql', '/auth/session'])(
    'are given up where they never answer at %s, and that is told',
    async (path) => {
      for (const node of nodes) node.answer = () => undefined;
      await start({ edit: impatient('proxy_read_timeout') });
      const answer = await ask(nginx.httpsUrl, { ...question, path });
      expect([answer.status, codeOf(answer)]).toEqual([504, 'TIMEOUT']);
    },
  );

  it('are given up where nobody takes the connection', async () => {
    // It listens, and is stopped before it takes any; the kernel keeps two for it, and lets further ones wait.
    const listen =
      "require('node:net').createServer().listen({port:0,host:'127.0.0.1',backlog:1},function(){console.log(this.address().port)})";
    const stopped = new NodeProcess(['-e', listen]);
    await eventually(() => stopped.stdout.includes('\n'));
    const port = Number(stopped.stdout);
    process.kill(stopped.pid, 'SIGSTOP');
    const waiting = Array.from({ length: 4 }, () => connect({ port, host: '127.0.0.1' }).on('error', () => undefined));
    await eventually(() => waiting.filter(({ connecting }) => !connecting).length === 2);
    await start({ nodes: [`127.0.0.1:${port}`], edit: impatient('proxy_connect_timeout') });
    const answer = await ask(nginx.httpsUrl, question);
    expect([answer.status, codeOf(answer)]).toEqual([504, 'TIMEOUT']);
    for (const socket of waiting) socket.destroy();
    await stopped.stop('SIGKILL');
  });

  it('are let go of where a client does not read; nothing of their answer is put by on a disk', async () => {
    const answers: ServerResponse[] = [];
    for (const node of nodes) node.answer = (answer) => answers.push(answer.on('error', () => undefined).end(plenty));
    const soon = impatient('send_timeout');
    // nginx warns of what it puts by.
    await start({
      edit: (file, text) => soon(file, text).replace('error_log stderr error;', 'error_log stderr warn;'),
    });
    const socket = await deafClient('GET /readyz HTTP/1.1\r\nHost: localhost\r\n\r\n');
    await eventually(() => answers[0]?.closed === true && !statesOf(nginx.ports.https).includes(established));
    expect(nginx.said).not.toContain('temporary file');
    // Reset, and not closed: what was on its way to nobody holds no memory of the machine.
    expect(statesOf(nginx.ports.https)).not.toContain(waitingToEnd);
    await once(socket.resume(), 'close');
    expect(socket.bytesRead).toBeLessThan(plenty.length);
  });

  it('that do not read from a WebSocket are let go of', async () => {
    await start({ edit: impatient('proxy_send_timeout') });
    const offer = 'Connection: Upgrade\r\nUpgrade: websocket\r\n';
    const socket = await deafClient(`GET /graphql HTTP/1.1\r\nHost: localhost\r\n${offer}\r\n`);
    const closed = once(socket.on('error', () => undefined).resume(), 'close');
    await eventually(() => nodes.some(({ upgraded }) => upgraded.length === 1));
    socket.write(plenty);
    await closed;
  });
});

it('keep their idle connections longer than nginx does: none is closed while a request is on its way', () => {
  const template = readFileSync(path.join(findProjectDir(), 'nginx/templates/tickgate.conf.template'), 'utf8');
  const [, seconds] = /^upstream tickgate \{[^]*?\bkeepalive_timeout (\d+)s;/m.exec(template) ?? [];
  expect(Number(seconds) * 1_000).toBeLessThan(limits.http.keepAliveTimeoutMs);
});

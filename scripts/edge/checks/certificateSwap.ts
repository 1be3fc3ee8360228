import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { Agent } from 'node:https';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { connect } from 'node:tls';
import { promisify } from 'node:util';
import { ask, graphql } from '../../../test/kit/edge/edgeRequest';
import { openSocket, type EdgeSocket } from '../../../test/kit/edge/edgeSocket';
import { makeThrowAwayCertificate } from '../throwAwayCertificate';
import type { RunningNginx } from '../runningNginx';
import type { EdgeCheck } from './edgeCheck';
import { subscribe } from './livePrices';

const run = promisify(execFile);
const hook = path.resolve(__dirname, '../../../nginx/certificates/reload-nginx.sh');
const addresses = 10;
const socketsPerAddress = 10;
const everyMs = 50;
/** Before the swap, and after it. */
const besideMs = 5_000;
const servedWithinMs = 5_000;

export const certificateSwap: EdgeCheck = {
  name: '100 open sockets and 20 requests a second: a new certificate is served within 5 s, nothing is dropped',
  async run({ nginx }) {
    const sockets: EdgeSocket[] = [];
    for (let at = 0; at < addresses * socketsPerAddress; at += 1) {
      const opened = await openSocket(nginx.httpsUrl, { from: `127.0.2.${1 + (at % addresses)}` });
      await subscribe(opened.socket);
      sockets.push(opened);
    }
    let closed = 0;
    for (const { socket } of sockets) socket.once('close', () => (closed += 1));
    const requests = startRequests(nginx);
    await delay(besideMs);
    const before = await servedSerial(nginx);
    makeThrowAwayCertificate(nginx.dir);
    const swappedAt = performance.now();
    await run(hook, { env: { ...process.env, NGINX_OPTIONS: nginx.options.join(' ') } });
    while ((await servedSerial(nginx)) === before && performance.now() - swappedAt < servedWithinMs) await delay(50);
    const served = performance.now() - swappedAt;
    await delay(besideMs);
    const { answered, failed } = await requests();
    const alive = await Promise.all(sockets.map(({ socket }) => hasNews(socket)));
    const living = alive.filter(Boolean).length;
    for (const { socket } of sockets) socket.terminate();
    const isGood = living === sockets.length && closed === 0 && failed === 0 && served < servedWithinMs;
    const ofSockets = `${living} of ${sockets.length} sockets still get prices, ${closed} closed`;
    return {
      isGood,
      seen: `served after ${served.toFixed(0)} ms; ${ofSockets}; ${answered} requests answered, ${failed} not`,
    };
  },
};

/** 20 a second from four addresses, half of them on connections that are kept. Returns what ends them and tells how they went. */
function startRequests({
  httpsUrl,
}: RunningNginx): () => Promise<{ readonly answered: number; readonly failed: number }> {
  const agent = new Agent({ keepAlive: true });
  const under: Promise<boolean>[] = [];
  let at = 0;
  const timer = setInterval(() => {
    at += 1;
    const wish = { ...graphql('{ serverTime }'), from: `127.0.3.${1 + (at % 4)}`, ...(at % 2 === 0 ? { agent } : {}) };
    under.push(
      ask(httpsUrl, wish).then(
        ({ status }) => status === 200,
        () => false,
      ),
    );
  }, everyMs);
  return async () => {
    clearInterval(timer);
    const answers = await Promise.all(under);
    agent.destroy();
    const answered = answers.filter(Boolean).length;
    return { answered, failed: answers.length - answered };
  };
}

async function servedSerial({ ports }: RunningNginx): Promise<string> {
  const socket = connect({ port: ports.https, host: '127.0.0.1', servername: 'localhost', rejectUnauthorized: false });
  await once(socket, 'secureConnect');
  const { serialNumber } = socket.getPeerX509Certificate() ?? {};
  socket.destroy();
  return serialNumber ?? '';
}

async function hasNews(socket: EdgeSocket['socket']): Promise<boolean> {
  const signal = AbortSignal.timeout(10_000);
  return once(socket, 'message', { signal }).then(
    () => true,
    () => false,
  );
}

import { setTimeout as delay } from 'node:timers/promises';
import { eventually } from '../../../test/kit/eventually';
import { ask, graphql, multiplexed, tally, type EdgeRequest } from '../../../test/kit/edge/edgeRequest';
import { closeSocket, openSocket, openSockets } from '../../../test/kit/edge/edgeSocket';
import type { BuiltServer } from '../builtServer';
import type { EdgeCheck } from './edgeCheck';

const other = '127.0.0.2';

function login({ place: { trader } }: BuiltServer): EdgeRequest {
  const document =
    'mutation ($email: String!, $password: String!) { login(email: $email, password: $password) { accessToken } }';
  return { path: '/auth/graphql', body: JSON.stringify({ query: document, variables: trader }) };
}

export const signIns: EdgeCheck = {
  name: '5 of 8 rapid sign-ins pass, whatever address they claim; a second address is unaffected',
  async run({ server, nginx }) {
    const statuses: number[] = [];
    let signedIn = 0;
    for (let at = 0; at < 8; at += 1) {
      const headers = { 'x-forwarded-for': `203.0.113.${at}`, 'cf-connecting-ip': `203.0.113.${at}` };
      const { status, text } = await ask(nginx.httpsUrl, { ...login(server), headers });
      statuses.push(status);
      if (text.includes('"accessToken"')) signedIn += 1;
    }
    const second = await ask(nginx.httpsUrl, { ...login(server), from: other });
    const isGood = statuses.join() === '200,200,200,200,200,429,429,429' && signedIn === 5 && second.status === 200;
    return { isGood, seen: `${statuses.join(' ')}; ${signedIn} signed in; second address ${second.status}` };
  },
};

export const multiplexedRequests: EdgeCheck = {
  name: '21 of 60 requests on one HTTP/2 connection pass; a second address is unaffected',
  async run({ nginx }) {
    const counts = tally(await multiplexed(nginx.httpsUrl, 60));
    const second = tally(await multiplexed(nginx.httpsUrl, 20, other));
    const isGood = counts[200] === 21 && counts[429] === 39 && second[200] === 20;
    return { isGood, seen: `${JSON.stringify(counts)}; second address ${JSON.stringify(second)}` };
  },
};

export const sockets: EdgeCheck = {
  name: '10 of 15 WebSockets from one address open, the next after one closes; a second address is unaffected',
  async run({ nginx }) {
    const first = await openSockets(nginx.httpsUrl, 15);
    const second = await openSockets(nginx.httpsUrl, 5, { from: other });
    for (const socket of first.slice(0, 1)) await closeSocket(socket);
    const next = await eventually(
      async () => {
        const tried = await openSocket(nginx.httpsUrl);
        return tried.status === 101 && tried;
      },
      { everyMs: 150 },
    );
    for (const socket of [...first, ...second, next]) await closeSocket(socket);
    const counts = [first, second].map((opened) => tally(opened.map(({ status }) => status)));
    const isGood = counts[0]?.[101] === 10 && counts[0][429] === 5 && counts[1]?.[101] === 5;
    return {
      isGood,
      seen: `${JSON.stringify(counts[0])}; after one closed ${next.status}; second address ${JSON.stringify(counts[1])}`,
    };
  },
};

const seconds = 100;
const perSecond = 12;

export const sustainedRate: EdgeCheck = {
  name: `${perSecond} requests a second for ${seconds} s: 10 ± 0.5 a second pass`,
  async run({ nginx }) {
    const answers: Promise<number>[] = [];
    const beganAt = performance.now();
    for (let at = 0; at < seconds * perSecond; at += 1) {
      await delay(Math.max(0, beganAt + (at * 1000) / perSecond - performance.now()));
      answers.push(ask(nginx.httpsUrl, graphql('{ serverTime }')).then(({ status }) => status));
    }
    const counts = tally(await Promise.all(answers));
    const took = (performance.now() - beganAt) / 1000;
    // The 20 that may come at once are no rate.
    const rate = ((counts[200] ?? 0) - 20) / took;
    return {
      isGood: Math.abs(rate - 10) <= 0.5,
      seen: `${JSON.stringify(counts)} in ${took.toFixed(1)} s: ${rate.toFixed(2)} a second beside the burst of 20`,
    };
  },
};

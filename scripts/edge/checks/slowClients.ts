import { Agent } from 'node:https';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { NodeProcess } from '../../../test/kit/nodeProcess';
import { ask, graphql } from '../../../test/kit/edge/edgeRequest';
import type { EdgeCheck } from './edgeCheck';

const slowSockets = 200;
/** By turns, so that whatever else the machine does meets both. */
const turns = 6;
const turnMs = 20_000;
/** Each below what one address may. */
const callers = 5;
const everyMs = 125;
const allowedGrowth = 1.1;

export const slowClients: EdgeCheck = {
  name: `${slowSockets} slow sockets for 60 s leave the p95 of others within 10 %`,
  async run({ nginx }) {
    const agents = Array.from({ length: callers }, () => new Agent({ keepAlive: true, maxSockets: 1 }));
    const samples: { readonly alone: number[]; readonly beside: number[] } = { alone: [], beside: [] };
    let refused = 0;
    let cut = 0;
    const measure = async (into: number[]): Promise<void> => {
      await Promise.all(
        agents.map(async (agent, at) => {
          for (const until = performance.now() + turnMs; performance.now() < until;) {
            const beganAt = performance.now();
            const { status } = await ask(nginx.httpsUrl, {
              ...graphql('{ serverTime }'),
              agent,
              from: `127.0.0.${10 + at}`,
            });
            if (status !== 200) refused += 1;
            into.push(performance.now() - beganAt);
            await delay(Math.max(0, everyMs - (performance.now() - beganAt)));
          }
        }),
      );
    };
    await measure([]);
    for (let turn = 0; turn < turns; turn += 1) {
      if (turn % 2 === 0) await measure(samples.alone);
      else {
        const args = [
          '--require',
          '@swc-node/register',
          path.join(__dirname, '../slowSockets.ts'),
          String(nginx.ports.https),
          String(slowSockets),
        ];
        const slow = new NodeProcess(args);
        // They are all there, and nginx has begun to end the first of them.
        await delay(5_000);
        await measure(samples.beside);
        await slow.stop();
        cut += slow.stdout.split('\n').length - 1;
      }
    }
    for (const agent of agents) agent.destroy();
    const [alone, beside] = [p95(samples.alone), p95(samples.beside)];
    const isGood = refused === 0 && cut >= slowSockets && beside <= alone * allowedGrowth;
    const figures = `p95 ${alone.toFixed(2)} ms alone, ${beside.toFixed(2)} ms beside them (${samples.alone.length} and ${samples.beside.length} requests)`;
    return { isGood, seen: `${figures}; ${refused} refused; ${cut} slow sockets ended` };
  },
};

function p95(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length * 0.95)] ?? Number.NaN;
}

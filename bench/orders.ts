import 'reflect-metadata';
import { randomUUID } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { performance } from 'node:perf_hooks';
import { Pool } from 'pg';
import { toDecimalString } from '../src/domain/decimal';
import { toMarketId } from '../src/domain/market';
import type { OrderSide } from '../src/domain/orders';
import type { PositionRecord } from '../src/storage/trading/records';
import { viewPosition } from '../src/trading/positionView';
import { intentFor, openTradingNode } from '../test/kit/tradingNode';
import { demoCredentials, openAccount, orderTerms } from '../test/kit/tradingAccount';
import { eventually } from '../test/kit/eventually';
import { startEmptyDatabase } from '../test/kit/postgres';
import { Arena } from '../test/trading/faults/arena';
import { measure, type Effort, type Figures } from './orders/measure';

/*
 * What the order path costs over the exchange's own round trip: a market order from createOrder to its booked fill, on one node with
 * the embedded database and the simulated exchange, beside a plain insert and commit and the bare call of ccxt in the same run.
 * Usage: npm run bench:orders [-- --write]
 */

const effort: Effort = { warmUps: 10, rounds: 200, lanes: 16, windowMs: 5_000 };
const accounts = 4;
/** Base units of every order. */
const amount = toDecimalString('0.0001');
const positionCount = 1_000;
const heading = '## What an order costs';

async function run(): Promise<string> {
  // Not the copy that tests take: a commit is to reach the disk.
  const arena = await Arena.open('bench', [], startEmptyDatabase);
  for (let number = 1; number <= accounts; number += 1) await arena.addAccount(`account-${number}`);
  await arena.openThere('bare');
  const node = openTradingNode({ ...arena.settings, storage: arena.storage });
  const port = openAccount(arena.settings, await demoCredentials(arena.simulator, 'bare'));
  const pool = new Pool({ connectionString: arena.database.url });
  await pool.query('CREATE TABLE bench (id uuid PRIMARY KEY, body text NOT NULL)');
  await arena.reconciled();
  await eventually(async () => (await node.markets.quote('simulator:BTC/USDT')).last);
  let turn = 0;
  // Little, and in turn, so that neither side of the book is bought empty.
  const nextSide = (): OrderSide => ((turn += 1) % 2 === 0 ? 'BUY' : 'SELL');
  const figures = await measure(
    [
      {
        name: 'insert and commit',
        once: async () => {
          await pool.query('INSERT INTO bench VALUES ($1, $2)', [randomUUID(), 'an order']);
        },
      },
      {
        name: 'bare call of ccxt',
        once: async () => {
          const order = {
            clientOrderId: randomUUID(),
            terms: orderTerms({ side: nextSide(), amount }),
            signedAt: Date.now(),
          };
          const { kind } = await port.placeOrder(order);
          if (kind !== 'accepted') throw new Error(`the bare order was ${kind}`);
        },
      },
      {
        name: 'whole path',
        once: async () => {
          const side = nextSide();
          const account = arena.accounts[Math.floor(turn / 2) % accounts];
          if (account === undefined) throw new Error('no account');
          const { order, refusal } = await node.trading.createOrder(
            arena.asker,
            intentFor(account.id, { side, amount }),
          );
          if (order?.phase !== 'CLOSED') throw new Error(`the order is ${refusal?.code ?? order?.phase ?? 'nowhere'}`);
        },
      },
    ],
    effort,
  );
  await arena.agrees();
  await node.stop();
  await port.close();
  await pool.end();
  await arena.stop();
  return toMarkdown(figures, positionsPerTick());
}

/** Milliseconds to value so many open positions at a new price. */
function positionsPerTick(): number {
  const positions = Array.from({ length: positionCount }, (_, number) => positionOf(number));
  const times = Array.from({ length: 101 }, (_, tick) => {
    const price = toDecimalString(`${96_000 + tick}.5`);
    const startedAt = performance.now();
    for (const position of positions) viewPosition(position, price);
    return performance.now() - startedAt;
  });
  return times.sort((a, b) => a - b)[50] ?? Number.NaN;
}

function positionOf(number: number): PositionRecord {
  const zero = toDecimalString('0');
  return {
    id: randomUUID(),
    accountId: randomUUID(),
    marketId: toMarketId('simulator', 'BTC/USDT'),
    side: 'LONG',
    amount: toDecimalString(`0.${1_000 + number}`),
    contractSize: null,
    cost: toDecimalString(`${9_000 + number}.12345678`),
    leverage: null,
    liquidationPrice: null,
    realizedPnl: zero,
    feesPaid: zero,
    fundingPaid: zero,
    currency: 'USDT',
    openedAt: 0,
    updatedAt: 0,
    closedAt: null,
  };
}

function toMarkdown(figures: readonly Figures[], tickMs: number): string {
  const [insert, bare, path] = figures;
  if (insert === undefined || bare === undefined || path === undefined) throw new Error('not all was measured');
  const { rounds, lanes, windowMs } = effort;
  const row = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  const figure = (value: number): string => value.toFixed(value < 10 ? 2 : 0);
  const overhead = (share: 'p50' | 'p99'): number => path[share] - bare[share];
  return [
    heading,
    '',
    `\`npm run bench:orders -- --write\`, ${new Date().toISOString().slice(0, 10)}; Node ${process.versions.node}.`,
    `A market order from createOrder to its booked fill: ${rounds} interleaved rounds one after the other; then ${lanes} at once for ${windowMs / 1_000} s, over ${accounts} accounts.`,
    'Database, simulated exchange and node share the machine.',
    '',
    row(['', 'p50 ms', 'p99 ms', 'a second', 'p50 × insert', 'p50 × bare call']),
    row(['---', '---', '---', '---', '---', '---']),
    ...figures.map(({ name, p50, p99, perSecond }) =>
      row([name, figure(p50), figure(p99), figure(perSecond), figure(p50 / insert.p50), figure(p50 / bare.p50)]),
    ),
    row([
      'over the bare call',
      figure(overhead('p50')),
      figure(overhead('p99')),
      '',
      figure(overhead('p50') / insert.p50),
      figure(overhead('p50') / bare.p50),
    ]),
    row([
      `${positionCount} positions at a new price`,
      figure(tickMs),
      '',
      '',
      figure(tickMs / insert.p50),
      figure(tickMs / bare.p50),
    ]),
    '',
  ].join('\n');
}

function write(section: string): void {
  const file = resolve(__dirname, 'RESULTS.md');
  const text = readFileSync(file, 'utf8');
  const start = text.indexOf(heading);
  const next = start === -1 ? -1 : text.indexOf('\n## ', start + heading.length);
  const before = start === -1 ? `${text.trimEnd()}\n\n` : text.slice(0, start);
  writeFileSync(file, `${before}${section}${next === -1 ? '' : text.slice(next)}`);
}

run().then(
  (section) => {
    process.stdout.write(section);
    if (process.argv.includes('--write')) write(section);
  },
  (error: unknown) => {
    process.stderr.write(`${String(error)}\n`);
    // What was started ends with this process.
    process.exit(1);
  },
);

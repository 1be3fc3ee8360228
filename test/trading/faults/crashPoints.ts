import type { AccountRecord } from '../../../src/storage/trading/records';
import type { IntentRequest } from '../../../src/trading/orderIntake';
import { eventually } from '../../kit/eventually';
import { intentFor } from '../../kit/tradingNode';
import type { TradingNodeProcess } from '../../kit/tradingNodeProcess';
import type { Arena } from './arena';

/** An order of one account that is to be interrupted. */
export interface Stage {
  readonly arena: Arena;
  readonly node: TradingNodeProcess;
  readonly account: AccountRecord;
  /** An amount that no other order has: by it the order is picked out at the exchange. */
  readonly amount: string;
}

/** An order that stands still at its point. */
export interface Interrupted {
  readonly request: IntentRequest;
  /** What the surroundings do once the node is dead: connections close, the exchange goes on. */
  readonly aftermath: () => Promise<void>;
}

/** How an order is brought to stand still at one point of its way, from outside: by locks of the database and holds of the exchange. */
export type CrashPoint = (stage: Stage) => Promise<Interrupted>;

export const crashPoints: Readonly<Record<string, CrashPoint>> = {
  'before commit': async ({ arena, node, account, amount }) => {
    const request = intentFor(account.id, { amount });
    const lock = await holdKey(arena, request.idempotencyKey, account.id);
    await Promise.race([lock.blocks(), create(arena, node, request)]);
    return { request, aftermath: () => lock.release() };
  },

  'after commit': async ({ arena, node, account, amount }) => {
    const request = intentFor(account.id, { amount });
    const key = await holdKey(arena, request.idempotencyKey, account.id);
    await Promise.race([key.blocks(), create(arena, node, request)]);
    // Next in line for the account, before anybody who would send the order.
    const next = await holdAccount(arena, account.id);
    await next.isWaiting();
    await key.release();
    await next.taken;
    await next.blocks();
    return { request, aftermath: () => next.release() };
  },

  'mid-send, and it arrives': (stage) =>
    heldAtExchange(stage, 'before', async (id) => {
      await stage.arena.simulator.control('POST', `held/${id}/release`);
    }),

  'mid-send, and it is lost': (stage) =>
    heldAtExchange(stage, 'before', async (id) => {
      await stage.arena.simulator.control('DELETE', `held/${id}`);
    }),

  'accepted before the reply': (stage) =>
    heldAtExchange(stage, 'after', async (id) => {
      await stage.arena.simulator.control('DELETE', `held/${id}`);
    }),

  'reply before the update': async (stage) => {
    const { arena, account } = stage;
    const { request, aftermath, callId } = await hold(stage, 'after');
    const lock = await holdAccount(arena, account.id);
    await lock.taken;
    await arena.simulator.control('POST', `held/${callId}/release`);
    // What the socket tells was booked when the exchange carried it out; what waits now is the answer.
    await lock.blocks();
    return {
      request,
      aftermath: async () => {
        await aftermath();
        await lock.release();
      },
    };
  },

  'mid-fill': async ({ arena, node, account }) => {
    const limit = { type: 'LIMIT', amount: '0.01', price: '2900' } as const;
    const request = intentFor(account.id, { market: 'simulator:ETH/USDT', ...limit });
    await arena.simulator.control('POST', 'markets/ETHUSDT', { price: '3000' });
    await eventually(
      async () =>
        Number(((await node.ask({ do: 'warm', market: 'simulator:ETH/USDT' })) as { readonly last: string }).last) ===
        3000,
    );
    const { order, refusal } = await node.create(arena.asker, request);
    if (order?.phase !== 'OPEN') throw new Error(`it does not rest: ${refusal?.code ?? order?.phase ?? ''}`);
    // In the middle of the transaction that books a fill: the trade is written, its money is not.
    const lock = await arena.hold('SELECT 1 FROM balances WHERE account_id = $1 FOR UPDATE', [account.id]);
    await lock.taken;
    await arena.simulator.control('POST', 'markets/ETHUSDT', { price: '2890' });
    await lock.blocks();
    return { request, aftermath: () => lock.release() };
  },
};

/** The client that asked for it never hears an answer. Rejects where it is refused: then the point is never reached. */
function create(arena: Arena, node: TradingNodeProcess, request: IntentRequest): Promise<never> {
  const never = new Promise<never>(() => undefined);
  const answered = node.create(arena.asker, request).then(
    ({ refusal }) => {
      if (refusal !== null) throw new Error(`it was refused: ${refusal.code}`);
      return never;
    },
    () => never,
  );
  answered.catch(() => undefined);
  return answered;
}

function holdAccount(arena: Arena, accountId: string): ReturnType<Arena['hold']> {
  return arena.hold('SELECT 1 FROM accounts WHERE id = $1 FOR UPDATE', [accountId]);
}

/** Somebody writes the same key and does not commit. */
async function holdKey(arena: Arena, key: string, accountId: string): ReturnType<Arena['hold']> {
  const lock = await arena.hold(
    `INSERT INTO idempotency_keys (owner_id, key, body_hash, order_id, created_at)
     SELECT $1, $2, '\\x00', id, now() FROM orders WHERE account_id = $3 LIMIT 1`,
    [arena.asker.userId, key, accountId],
  );
  await lock.taken;
  return lock;
}

interface HeldAtExchange extends Interrupted {
  readonly callId: number;
}

async function hold({ arena, node, account, amount }: Stage, holdAt: 'before' | 'after'): Promise<HeldAtExchange> {
  const { simulator } = arena;
  const picked = `*quantity=${amount}*`;
  await simulator.control('POST', 'faults', {
    kind: 'hold',
    path: '/api/v3/order',
    method: 'POST',
    content: picked,
    holdAt,
    count: 1,
  });
  const request = intentFor(account.id, { amount });
  const answered = create(arena, node, request);
  const found = eventually(async () => {
    const held = (await simulator.control('GET', 'held')) as readonly {
      readonly id: number;
      readonly content: string;
    }[];
    return held.find(({ content }) => content.includes(`quantity=${amount}`));
  });
  const call = await Promise.race([found, answered]);
  return { request, callId: call.id, aftermath: () => Promise.resolve() };
}

async function heldAtExchange(
  stage: Stage,
  holdAt: 'before' | 'after',
  goOn: (callId: number) => Promise<void>,
): Promise<Interrupted> {
  const { request, callId } = await hold(stage, holdAt);
  return { request, aftermath: () => goOn(callId) };
}

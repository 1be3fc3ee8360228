import 'reflect-metadata';
import { randomInt } from 'node:crypto';
import type { AccountRecord } from '../../src/storage/trading/records';
import { AccountNode, AccountTrader } from '../kit/accountNode';
import {
  accountEventOf,
  accountStreamNames,
  AccountView,
  documentOf,
  seqsByDatabase,
  stateByDatabase,
  type AccountStreamEvent,
} from '../kit/accountView';
import { eventually } from '../kit/eventually';
import { startTestDatabase, type TestDatabase } from '../kit/postgres';
import { RecordingSocket } from '../kit/recordingSocket';
import { StandInTokens } from '../kit/standInTokens';
import { codesOf } from '../kit/testServer';
import { makeOwner } from '../kit/tradingRecords';

const cuts = Number(process.env['ACCOUNT_STREAM_CUTS'] ?? 12);

const tokens = new StandInTokens();
let database: TestDatabase;
let nodes: AccountNode[];
let sockets: RecordingSocket[];

beforeAll(async () => {
  database = await startTestDatabase();
});

afterAll(() => database.stop());

beforeEach(() => {
  nodes = [];
  sockets = [];
});

afterEach(async () => {
  for (const socket of sockets) socket.terminate();
  for (const node of nodes) await node.stop();
});

async function openNode(options: Partial<Parameters<typeof AccountNode.open>[0]> = {}): Promise<AccountNode> {
  const node = await AccountNode.open({ url: database.url, tokens, ...options });
  nodes.push(node);
  return node;
}

async function stopNode(node: AccountNode): Promise<void> {
  nodes.splice(nodes.indexOf(node), 1);
  await node.stop();
}

async function connect(
  node: AccountNode,
  userId: string,
  options: { answersPings?: boolean; roles?: 'ANALYST'[] } = {},
) {
  const { answersPings = true, roles = ['TRADER'] } = options;
  const { authorization } = tokens.issue({ userId, roles });
  const socket = await RecordingSocket.connect(node.server.wsUrl, { authorization, answersPings });
  sockets.push(socket);
  return socket;
}

const eventsOf = (socket: RecordingSocket, id: string): readonly AccountStreamEvent[] =>
  socket.of(id).map(accountEventOf);

const codesOn = (socket: RecordingSocket, id: string): readonly unknown[] =>
  socket.of(id, 'error').flatMap(({ payload }) => codesOf(payload as never));

describe('a reader who is cut off at random', () => {
  it.each([
    ['with shared execution', true],
    ['executed alone', false],
  ])(
    'is told every event once by any node and across restarts, and knows what the database says, %s',
    async (_how, sharedExecution) => {
      const writer = await openNode();
      const account = await makeOwner(writer.storage);
      const trader = new AccountTrader(account, Math.random);
      await trader.commit(writer.storage);
      const views = accountStreamNames.map((stream) => new AccountView(stream));
      let node = await openNode({ sharedExecution });
      for (let cut = 0; cut < cuts; cut += 1) {
        const place = randomInt(3);
        if (place === 0) {
          await stopNode(node);
          node = await openNode({ sharedExecution });
        }
        const socket = await connect(place === 1 && sharedExecution ? writer : node, account.ownerId);
        socket.onMessage = ({ id, type, payload }) => {
          const view = views.find(({ stream }) => stream === id);
          if (type === 'next') view?.read(accountEventOf({ type, payload }));
          else view?.reasons.push(`${type} ${JSON.stringify(payload)}`);
        };
        for (const view of views) {
          socket.subscribe(view.stream, documentOf(view.stream, { account: account.id, after: view.cursor }));
        }
        const commits = randomInt(8);
        for (let count = 0; count < commits; count += 1) await trader.commit(writer.storage);
        const isCaughtUp = cut === cuts - 1 || randomInt(2) === 0;
        if (isCaughtUp) {
          for (const view of views) {
            const state = JSON.stringify(await stateByDatabase(writer.storage, account, view.stream));
            await eventually(() => JSON.stringify(view.state) === state, { timeoutMs: 5_000 }).catch(() => {
              expect(view.state).toEqual(JSON.parse(state));
            });
          }
        }
        socket.onMessage = () => undefined;
        socket.terminate();
        await trader.commit(writer.storage);
      }
      for (const view of views) {
        expect([view.stream, view.reasons]).toEqual([view.stream, []]);
        const hasPrices = view.stream === 'positions';
        // A new price alone repeats the last number, be it the SNAPSHOT's.
        const told = [...new Set(view.seqs)].filter((seq) => !hasPrices || seq !== view.snapshotSeq);
        const last = told.at(-1) ?? 0;
        const expected = await seqsByDatabase(writer.storage, account, view.stream);
        expect(told).toEqual(expected.filter((seq) => seq > (view.snapshotSeq ?? 0) && seq <= last));
        // Only prices repeat a number.
        if (!hasPrices) expect(view.seqs).toEqual(told);
      }
    },
    120_000,
  );
});

describe('a stream of an account', () => {
  let node: AccountNode;
  let account: AccountRecord;
  let trader: AccountTrader;

  beforeEach(async () => {
    node = await openNode({ caps: { creditBytes: 2_000, sweepIntervalMs: 20 } });
    account = await makeOwner(node.storage);
    trader = new AccountTrader(account, Math.random);
  });

  it('ends with 4421 for who has a thousand waiting, and loses nothing for others', async () => {
    const healthy = await connect(node, account.ownerId);
    const slow = await connect(node, account.ownerId, { answersPings: false });
    for (const socket of [healthy, slow]) {
      socket.subscribe('orders', documentOf('orders', { account: account.id }));
      await eventually(() => socket.of('orders').length === 1);
    }
    await trader.changeOften(node.storage, 1_050);
    await eventually(() => slow.closed !== null);
    const expected = await seqsByDatabase(node.storage, account, 'orders');
    await eventually(() => healthy.of('orders').length === 1 + expected.length);
    expect([slow.closed?.code, healthy.closed]).toEqual([4421, null]);
    expect(
      eventsOf(healthy, 'orders')
        .slice(1)
        .map(({ meta }) => Number(meta.seq)),
    ).toEqual(expected);
  }, 60_000);

  it("refuses an account that is not there and another's in the same words", async () => {
    const stranger = await makeOwner(node.storage);
    const socket = await connect(node, stranger.ownerId);
    const absent = '00000000-0000-4000-8000-000000000000';
    for (const stream of accountStreamNames) {
      socket.subscribe(`${stream} of another`, documentOf(stream, { account: account.id }));
      socket.subscribe(`${stream} of nobody`, documentOf(stream, { account: absent }));
      socket.subscribe(`${stream} of no id`, documentOf(stream, { account: 'x' }));
    }
    const refusals = (): typeof socket.messages => socket.messages.filter(({ type }) => type === 'error');
    await eventually(() => refusals().length === 12);
    const answers = refusals().map(({ type, payload }) => {
      const [{ message, extensions }] = payload as [{ message: string; extensions: Record<string, unknown> }];
      return JSON.stringify([type, message, extensions['code']]);
    });
    expect([...new Set(answers)]).toEqual([
      JSON.stringify(['error', 'You may not read this account, or there is none.', 'FORBIDDEN']),
    ]);
  });

  it('tells each of twenty users only what is theirs, by one document', async () => {
    const accounts = await Promise.all(Array.from({ length: 20 }, () => makeOwner(node.storage)));
    const readers = await Promise.all(accounts.map(async (own) => ({ own, socket: await connect(node, own.ownerId) })));
    for (const { own, socket } of readers) {
      socket.subscribe('orders', documentOf('orders', { account: own.id }));
      socket.subscribe('another', documentOf('orders', { account: account.id }));
    }
    for (const { socket } of readers) await eventually(() => socket.of('orders').length === 1);
    await Promise.all(accounts.map((own) => new AccountTrader(own, Math.random).changeOrder(node.storage)));
    for (const { own, socket } of readers) {
      await eventually(() => socket.of('orders').length === 2);
      const owners = eventsOf(socket, 'orders').flatMap(({ orders = [] }) => orders.map(({ accountId }) => accountId));
      expect([owners, codesOn(socket, 'another')]).toEqual([[own.id], ['FORBIDDEN']]);
    }
  });

  it("begins anew with the reason where the events are gone, where they are another account's, and another stream's", async () => {
    const another = await makeOwner(node.storage);
    await trader.changeOrder(node.storage);
    const socket = await connect(node, account.ownerId);
    socket.subscribe('first', documentOf('orders', { account: account.id }));
    socket.subscribe('balances', documentOf('balances', { account: account.id }));
    await eventually(() => socket.of('first').length === 1 && socket.of('balances').length === 1);
    const after = eventsOf(socket, 'first')[0]?.meta.cursor ?? '';
    const ofBalances = eventsOf(socket, 'balances')[0]?.meta.cursor ?? '';
    const ofAnother = Buffer.from(`${another.id}.orders.0`).toString('base64url');
    const ofTheFuture = Buffer.from(`${account.id}.orders.999`).toString('base64url');
    socket.terminate();
    for (let count = 0; count < 5; count += 1) await trader.changeOrder(node.storage);
    await node.storage.accountEvents.prune(Date.now() + 1, 3);
    const kept = await node.storage.accountEvents.after(account.id, 0, 100);
    expect(kept.map(({ seq }) => seq)).toEqual([4, 5, 6]);
    const later = await connect(node, account.ownerId);
    const cursors = { gone: after, ofBalances, ofAnother, ofTheFuture };
    for (const [id, cursor] of Object.entries(cursors)) {
      later.subscribe(id, documentOf('orders', { account: account.id, after: cursor }));
    }
    for (const id of Object.keys(cursors)) {
      const { meta, orders = [] } = await eventually(() => eventsOf(later, id)[0]);
      expect([id, meta.kind, meta.reason]).toEqual([id, 'SNAPSHOT', 'RESUME_NOT_AVAILABLE']);
      expect(orders.every(({ accountId }) => accountId === account.id)).toBe(true);
    }
    const atTheEdge = Buffer.from(`${account.id}.orders.3`).toString('base64url');
    later.subscribe('edge', documentOf('orders', { account: account.id, after: atTheEdge }));
    await eventually(() => later.of('edge').length === 3);
    expect(eventsOf(later, 'edge').map(({ meta }) => `${meta.kind} ${meta.seq}`)).toEqual([
      'UPDATE 4',
      'UPDATE 5',
      'UPDATE 6',
    ]);
    later.subscribe('nonsense', documentOf('orders', { account: account.id, after: 'nonsense' }));
    await eventually(() => later.of('nonsense', 'error').length === 1);
    expect(codesOn(later, 'nonsense')).toEqual(['BAD_USER_INPUT']);
  });

  it('can be resumed from whatever is young, and from all behind that', async () => {
    const others = await makeOwner(node.storage);
    for (const own of [account, others]) {
      await node.storage.trading.transaction({ accountId: own.id, epoch: null }, (tx) => {
        for (const at of [10, 20, 90, 30, 80]) tx.appendEvent('risk', at, {});
      });
    }
    const { accountEvents } = node.storage;
    const kept = async () => (await accountEvents.after(account.id, 0, 10)).map(({ seq }) => seq);
    // One of each account; then what is older than 50, but not what came behind something younger.
    expect([await accountEvents.prune(50, 1), await kept()]).toEqual([2, [2, 3, 4, 5]]);
    expect([await accountEvents.prune(50, 10), await kept()]).toEqual([2, [3, 4, 5]]);
    expect([await accountEvents.prune(50, 10), await kept()]).toEqual([0, [3, 4, 5]]);
  });

  it.each(accountStreamNames)('executes %s once for all connections of a user', async (stream) => {
    const readers = await Promise.all(Array.from({ length: 3 }, () => connect(node, account.ownerId)));
    for (const socket of readers) {
      socket.subscribe('own', documentOf(stream, { account: account.id }));
      await eventually(() => socket.of('own').length === 1);
    }
    const { values } = await node.server.metrics.streamExecutions.get();
    // The SNAPSHOT of who opens the stream, and one that the others share.
    expect(values.map(({ value }) => value)).toEqual([expect.any(Number)]);
    expect(values[0]?.value).toBeLessThanOrEqual(2);
  });

  it.each([-1, 60_001])('of positions refuses an interval of %d milliseconds', async (intervalMs) => {
    const socket = await connect(node, account.ownerId);
    socket.subscribe('positions', documentOf('positions', { account: account.id, intervalMs }));
    await eventually(() => socket.of('positions', 'error').length === 1);
    expect(codesOn(socket, 'positions')).toEqual(['BAD_USER_INPUT']);
  });

  it('carries nothing that would be asked of the database for every event', async () => {
    const socket = await connect(node, account.ownerId);
    for (const field of ['trades { id }', 'history { seq }']) {
      socket.subscribe(field, `subscription { orders(account: "${account.id}") { orders { ${field} } } }`);
      await eventually(() => socket.of(field, 'error').length === 1);
      expect(codesOn(socket, field)).toEqual(['NOT_STREAMABLE']);
    }
  });
});

import 'reflect-metadata';
import { randomUUID } from 'node:crypto';
import { Client } from 'pg';
import { tickerTopic } from '../../src/bus/marketTopics';
import { accountChannel } from '../../src/storage/trading/heldEvents';
import type { AccountRecord } from '../../src/storage/trading/records';
import { AccountNode, AccountTrader } from '../kit/accountNode';
import {
  accountEventOf,
  accountStreamNames,
  documentOf,
  seqsByDatabase,
  type AccountStreamEvent,
} from '../kit/accountView';
import { eventually } from '../kit/eventually';
import { btc, makeTicker } from '../kit/fakeMarket';
import { startTestDatabase, type TestDatabase } from '../kit/postgres';
import { RecordingSocket } from '../kit/recordingSocket';
import { StandInTokens } from '../kit/standInTokens';
import { TcpRelay } from '../kit/tcpRelay';
import { codesOf } from '../kit/testServer';
import { makeOwner } from '../kit/tradingRecords';

const tokens = new StandInTokens();
const audit = { at: 0, actor: 'test', action: 'test', target: null, outcome: 'done' };
let database: TestDatabase;
let node: AccountNode;
let account: AccountRecord;
let trader: AccountTrader;
let sockets: RecordingSocket[];

beforeAll(async () => {
  database = await startTestDatabase();
});

afterAll(() => database.stop());

beforeEach(async () => {
  sockets = [];
  node = await AccountNode.open({ url: database.url, tokens });
  account = await makeOwner(node.storage);
  trader = new AccountTrader(account, Math.random);
});

afterEach(async () => {
  for (const socket of sockets) socket.terminate();
  await node.stop();
});

async function connect(userId: string, role: 'TRADER' | 'ANALYST' = 'TRADER', at = node): Promise<RecordingSocket> {
  const { authorization } = tokens.issue({ userId, roles: [role, 'VIEWER'] });
  const socket = await RecordingSocket.connect(at.server.wsUrl, { authorization });
  sockets.push(socket);
  return socket;
}

/** Another node, whose way to the database can be cut. */
async function openBehindRelay(): Promise<{ readonly relay: TcpRelay; readonly away: AccountNode }> {
  const url = new URL(database.url);
  const relay = await TcpRelay.start(Number(url.port));
  url.port = String(relay.port);
  return { relay, away: await AccountNode.open({ url: url.toString(), tokens }) };
}

/** Ends the connections on which nodes hear news, and no others. */
async function cutListeners(): Promise<void> {
  const client = new Client({ connectionString: database.url });
  await client.connect();
  await client.query('SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE $1', [
    `% ${accountChannel}`,
  ]);
  await client.end();
}

const eventsOf = (socket: RecordingSocket, id: string): readonly AccountStreamEvent[] =>
  socket.of(id).map(accountEventOf);

const codesOn = (socket: RecordingSocket, id: string): readonly unknown[] =>
  socket.of(id, 'error').flatMap(({ payload }) => codesOf(payload as never));

describe('an analyst who was granted an account', () => {
  let analystId: string;
  let analyst: RecordingSocket;
  let owner: RecordingSocket;

  beforeEach(async () => {
    const email = `${randomUUID()}@example.org`;
    const roles = ['ANALYST' as const];
    ({ id: analystId } = await node.storage.users.saveByEmail({ id: randomUUID(), email, passwordHash: '-', roles }));
    const grant = { ownerId: account.ownerId, accountId: account.id, userId: analystId, audit };
    await node.storage.grants.grant({ ...grant, at: Date.now(), maxGrants: 10 });
    analyst = await connect(analystId, 'ANALYST');
    owner = await connect(account.ownerId);
    for (const socket of [analyst, owner]) {
      for (const stream of accountStreamNames) socket.subscribe(stream, documentOf(stream, { account: account.id }));
      for (const stream of accountStreamNames) await eventually(() => socket.of(stream).length > 0);
    }
  });

  const revoke = (): Promise<unknown> =>
    node.storage.grants.revoke({ ownerId: account.ownerId, accountId: account.id, userId: analystId, audit });

  async function expectEnded(): Promise<void> {
    for (const stream of accountStreamNames) {
      await eventually(() => codesOn(analyst, stream).length > 0, { timeoutMs: 1_000 });
      expect(codesOn(analyst, stream)).toEqual(['FORBIDDEN']);
    }
    // Each has events of its own: a moment of doubt (STALE) may have come before the other one joined.
    const [told, heard] = [analyst.of('orders').length, owner.of('orders').length];
    await trader.changeOrder(node.storage);
    await eventually(() => owner.of('orders').length > heard);
    expect([analyst.of('orders').length, analyst.closed]).toEqual([told, null]);
    expect(accountStreamNames.flatMap((stream) => codesOn(owner, stream))).toEqual([]);
  }

  it('is out with FORBIDDEN within a second when the grant is taken back, the owner not', async () => {
    await revoke();
    await expectEnded();
  });

  it('reads along, and is out with FORBIDDEN within a second when the role is gone that the grant was for', async () => {
    const before = analyst.of('orders').length;
    await trader.changeOrder(node.storage);
    await eventually(() => analyst.of('orders').length > before);
    node.authority.change({ kind: 'rolesChanged', userId: analystId, roles: ['VIEWER'] });
    await expectEnded();
  });

  it.each([
    ['while no news are heard', false],
    ['once news are heard again', true],
  ])('is out with FORBIDDEN %s, when the grant is taken back unheard', async (_when, isHeardAgain) => {
    const { relay, away } = await openBehindRelay();
    try {
      const reader = await connect(analystId, 'ANALYST', away);
      reader.subscribe('orders', documentOf('orders', { account: account.id }));
      await eventually(() => reader.of('orders').length > 0);
      relay.refuseNew(true);
      await cutListeners();
      await revoke();
      if (isHeardAgain) relay.refuseNew(false);
      await eventually(() => codesOn(reader, 'orders').length > 0);
      expect(codesOn(reader, 'orders')).toEqual(['FORBIDDEN']);
    } finally {
      await away.stop();
      await relay.stop();
    }
  });
});

describe('the positions of an account', () => {
  const listeners = (): number => node.bus.interests().find(({ topic }) => topic.includes(btc))?.listeners ?? 0;
  const publish = (last: string): void => {
    const data = { ...makeTicker(last), bid: null, ask: null };
    node.bus.publish(tickerTopic(btc), { kind: 'data', data, isRestart: false });
  };

  it('follow the price, in events that repeat the last number, and let the ticker go when they close', async () => {
    publish('100');
    await trader.openPosition(node.storage);
    const socket = await connect(account.ownerId);
    socket.subscribe('positions', documentOf('positions', { account: account.id, intervalMs: 0 }));
    await eventually(() => socket.of('positions').length === 1);
    publish('100');
    publish('110');
    await eventually(() => socket.of('positions').length === 2);
    const told = eventsOf(socket, 'positions').map(({ meta, positions = [] }) => [
      meta.kind,
      meta.seq,
      positions.map(({ markPrice, unrealizedPnl }) => [markPrice, unrealizedPnl]),
    ]);
    // 2 units bought for 100 each.
    expect(told).toEqual([
      ['SNAPSHOT', '1', [['100', '0']]],
      ['UPDATE', '1', [['110', '20']]],
    ]);
    // Who comes from another node is told the prices of now: they may have known others by the same number.
    const elsewhere = Buffer.from(`${account.id}.positions.1`).toString('base64url');
    socket.subscribe('resumed', documentOf('positions', { account: account.id, after: elsewhere, intervalMs: 0 }));
    await eventually(() => socket.of('resumed').length === 1);
    const [resumed] = eventsOf(socket, 'resumed');
    expect([resumed?.meta.kind, resumed?.positions?.map(({ markPrice }) => markPrice)]).toEqual(['UPDATE', ['110']]);
    expect(listeners()).toBe(1);
    await trader.closePosition(node.storage);
    await eventually(() => socket.of('positions').length === 3);
    const last = eventsOf(socket, 'positions').at(-1);
    expect([last?.meta.seq, last?.positions, last?.removed?.length]).toEqual(['2', [], 1]);
    expect(listeners()).toBe(0);
  });

  it('are told at most once an interval for their price, the newest, and at once for what the account did', async () => {
    publish('100');
    await trader.openPosition(node.storage);
    const socket = await connect(account.ownerId);
    socket.subscribe('positions', documentOf('positions', { account: account.id, intervalMs: 400 }));
    await eventually(() => socket.of('positions').length === 1);
    publish('101');
    await eventually(() => socket.of('positions').length === 2);
    for (let price = 102; price <= 150; price += 1) publish(String(price));
    await trader.openPosition(node.storage);
    await eventually(() => socket.of('positions').length === 4);
    expect(listeners()).toBe(1);
    const [, first, opened, newest] = eventsOf(socket, 'positions');
    expect([first?.meta.seq, opened?.meta.seq, newest?.meta.seq]).toEqual(['1', '2', '2']);
    expect(newest?.positions?.map(({ markPrice }) => markPrice)).toEqual(['150', '150']);
    const [, firstAt, , newestAt] = socket.of('positions').map(({ arrivedAt }) => arrivedAt);
    expect((newestAt ?? 0) - (firstAt ?? 0)).toBeGreaterThan(300);
  });

  it('have no price while their ticker is silent, and let it go when their last reader leaves', async () => {
    publish('100');
    await trader.openPosition(node.storage);
    const socket = await connect(account.ownerId);
    socket.subscribe('positions', documentOf('positions', { account: account.id, intervalMs: 0 }));
    await eventually(() => socket.of('positions').length === 1);
    node.bus.publish(tickerTopic(btc), { kind: 'stale', cause: 'silent', since: Date.now(), last: null });
    await eventually(() => socket.of('positions').length === 2);
    expect(
      eventsOf(socket, 'positions')
        .at(-1)
        ?.positions?.map(({ markPrice }) => markPrice),
    ).toEqual([null]);
    socket.terminate();
    await eventually(() => listeners() === 0);
  });
});

it('says STALE while the database is away; then every event that was missed, and a SNAPSHOT', async () => {
  const { relay, away } = await openBehindRelay();
  try {
    const socket = await connect(account.ownerId, 'TRADER', away);
    socket.subscribe('orders', documentOf('orders', { account: account.id }));
    await eventually(() => socket.of('orders').length === 1);
    relay.refuseNew(true);
    relay.cut();
    await eventually(() => eventsOf(socket, 'orders').at(-1)?.meta.kind === 'STALE');
    for (let count = 0; count < 3; count += 1) await trader.changeOrder(node.storage);
    relay.refuseNew(false);
    await eventually(() => eventsOf(socket, 'orders').at(-1)?.meta.kind === 'SNAPSHOT');
    const expected = await seqsByDatabase(node.storage, account, 'orders');
    const told = eventsOf(socket, 'orders').map(({ meta }) => [meta.kind, meta.seq, meta.reason]);
    expect(told).toEqual([
      ['SNAPSHOT', '0', null],
      ['STALE', '0', 'SOURCE_DISCONNECTED'],
      ...expected.map((seq) => ['UPDATE', String(seq), null]),
      ['SNAPSHOT', String(expected.at(-1)), null],
    ]);
    await trader.changeOrder(node.storage);
    await eventually(() => eventsOf(socket, 'orders').at(-1)?.meta.kind === 'UPDATE');
  } finally {
    await away.stop();
    await relay.stop();
  }
});

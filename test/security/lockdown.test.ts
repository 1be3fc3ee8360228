import { randomUUID } from 'node:crypto';
import { OperationTypeNode } from 'graphql';
import WebSocket from 'ws';
import { lockdownLevels, type LockdownLevel } from '../../src/domain/lockdown';
import { AppError } from '../../src/errors/appError';
import { buildAuthSchema, buildMainSchema } from '../../src/graphql/buildSchemas';
import { roles, scopes, type Principal, type Role } from '../../src/identity/principal';
import { Lockdown } from '../../src/security/lockdown';
import { authTable, mainTable } from '../../src/security/permissions';
import { eventually } from '../kit/eventually';
import { RawSocket } from '../kit/rawSocket';
import { sampleDocument } from '../kit/sampleDocument';
import { codesOf, TestServer } from '../kit/testServer';

const { MUTATION } = OperationTypeNode;
const apis = [
  { path: '/graphql', schema: buildMainSchema(), table: mainTable },
  { path: '/auth/graphql', schema: buildAuthSchema(), table: authTable },
] as const;

/** Every root field, and a document that asks for it. */
const fields = apis.flatMap(({ path, schema, table }) =>
  Object.entries(table.roots).flatMap(([type, rows]) => {
    const operation = Object.values(OperationTypeNode).find((each: string) => each === type.toLowerCase())!;
    return Object.keys(rows).map((field) => ({
      path,
      name: `${path} ${field}`,
      operation,
      document: sampleDocument({ schema, table, operation, field, id: randomUUID() }),
    }));
  }),
);
const [main, auth] = ['/graphql', '/auth/graphql'];

let server: TestServer;
let lockdown: Lockdown;
/** By the clock of the lockdown. */
let time = 0;
/** By the token that they send. */
const people = new Map<string, Principal>();

function come(as: {
  readonly roles: readonly Role[];
  readonly isVerified?: boolean;
  readonly isKey?: boolean;
}): string {
  const { isVerified = true, isKey = false } = as;
  const [userId, tokenId, now] = [randomUUID(), randomUUID(), Date.now()];
  people.set(tokenId, {
    userId,
    tokenId,
    roles: as.roles,
    credential: { kind: isKey ? 'apiKey' : 'session', id: tokenId },
    scopes: isKey ? scopes : null,
    verifiedAt: isVerified && !isKey ? now : null,
    issuedAt: now,
    expiresAt: now + 600_000,
  });
  return `Bearer ${tokenId}`;
}

beforeAll(async () => {
  lockdown = new Lockdown({ clock: () => time });
  server = await TestServer.start({
    lockdown,
    access: { publicMarketData: true },
    verifier: {
      verify: (token) => {
        const principal = people.get(token);
        if (principal === undefined) throw new AppError('UNAUTHENTICATED');
        return principal;
      },
    },
  });
});

afterAll(() => server.stop());
afterEach(() => {
  time = 0;
  lockdown.take('NONE', time);
});

async function isLocked(asked: { readonly path: string; readonly document: string }, as: string | null) {
  const { path, document: query } = asked;
  const { codes } = await server.post({ query }, { path, ...(as === null ? {} : { authorization: as }) });
  return codes.includes('SERVICE_LOCKED');
}

/** The names of the fields that are closed to somebody who could use all of them, over HTTP. */
async function closedTo(as: string | null): Promise<readonly string[]> {
  const closed: string[] = [];
  for (const field of fields.filter(({ operation }) => operation !== OperationTypeNode.SUBSCRIPTION))
    if (await isLocked(field, as)) closed.push(field.name);
  return closed;
}

const mutations = fields.filter(({ operation }) => operation === MUTATION).map(({ name }) => name);
const without = (names: readonly string[], open: readonly string[]): readonly string[] => {
  expect(names).toEqual(expect.arrayContaining([...open]));
  return names.filter((name) => !open.includes(name));
};
const endings = ['revokeSession', 'revokeApiKey', 'cancelOrder', 'cancelAllOrders'].map((name) => `${main} ${name}`);
const signIns = [`${auth} login`, `${auth} verifyMfa`];

describe('over HTTP', () => {
  it.each(['NONE', 'NO_TRADING'] as const)('%s closes no field', async (level) => {
    lockdown.take(level, time);
    expect(await closedTo(come({ roles }))).toEqual([]);
  });

  it('READONLY closes every mutation but those that end something, and those that sign in', async () => {
    lockdown.take('READONLY', time);
    expect(await closedTo(come({ roles }))).toEqual(without(mutations, [...endings, ...signIns, `${auth} stepUp`]));
  });

  it('a node that cannot read how far it is locked changes, after a while, no more than in READONLY, and reads on', async () => {
    const as = come({ roles });
    time = 20_000;
    expect(await closedTo(as)).toEqual([]);
    time = 20_001;
    expect(await closedTo(as)).toEqual(without(mutations, [...endings, ...signIns, `${auth} stepUp`]));
    const { body } = await server.post(
      { query: 'mutation { setGlobalTradingState(state: HALTED, reason: "?") }' },
      { authorization: as },
    );
    expect(body).toMatchObject({ errors: [{ extensions: { code: 'SERVICE_LOCKED', level: 'UNKNOWN' } }] });
    lockdown.take('NONE', time);
    expect(await closedTo(as)).toEqual([]);
  });

  it('FULL leaves signing in to everybody else, and to an admin what READONLY leaves', async () => {
    lockdown.take('FULL', time);
    const all = fields.filter(({ operation }) => operation !== OperationTypeNode.SUBSCRIPTION).map(({ name }) => name);
    const open = [...signIns, `${auth} signingKeys`];
    expect(await closedTo(come({ roles: ['TRADER', 'AUDITOR', 'ANALYST', 'VIEWER'] }))).toEqual(
      // What a role never opens is refused as ever.
      without(all, [...open]),
    );
    expect(await closedTo(come({ roles }))).toEqual(without(mutations, [...endings, ...signIns, `${auth} stepUp`]));
  });

  it.each([
    ['nobody', () => null],
    ['an API key of an admin', () => come({ roles, isKey: true })],
    ['an admin without a second factor', () => come({ roles, isVerified: false })],
  ])('FULL lets %s read nothing, not even the schema or what is public', async (_who, make) => {
    lockdown.take('FULL', time);
    const as = make();
    for (const document of [
      '{ serverTime }',
      '{ __typename }',
      '{ __schema { queryType { name } } }',
      '{ markets { id } }',
    ])
      expect([document, await isLocked({ path: main, document }, as)]).toEqual([document, true]);
    expect((await server.post({ query: '{ serverTime }' }, as === null ? {} : { authorization: as })).body).toEqual({
      errors: [
        {
          message: 'The operator has locked this service for now. Try again later.',
          extensions: { code: 'SERVICE_LOCKED', level: 'FULL', requestId: expect.any(String) as string },
        },
      ],
    });
  });

  it.each(lockdownLevels)('%s leaves /readyz and /livez as they are', async (level) => {
    lockdown.take(level, time);
    for (const page of ['/readyz', '/livez', '/.well-known/jwks.json'])
      expect((await fetch(`${server.httpUrl}${page}`)).status).toBe(200);
  });
});

describe('over WebSocket', () => {
  const tickers = 'subscription { tickers(markets: ["simulator:BTC/USDT"]) { meta { seq } } }';

  async function closeCodeOf(as: string | null): Promise<number | null> {
    const socket = await RawSocket.open(server.wsUrl);
    socket.send({ type: 'connection_init', ...(as === null ? {} : { payload: { authorization: as } }) });
    const first = await socket.next().catch(() => null);
    if (first !== null) {
      socket.close();
      return null;
    }
    return (await socket.closed).code;
  }

  it.each(lockdownLevels)(
    '%s ends the sockets that are open where nobody is let in any more, and no others',
    async (level) => {
      const people = [null, come({ roles: ['TRADER'] }), come({ roles })];
      const sockets = await Promise.all(people.map((as) => RawSocket.connect(server.wsUrl, as ?? undefined)));
      const early = await RawSocket.open(server.wsUrl);
      for (const [index, socket] of sockets.entries()) socket.subscribe(String(index), tickers);
      lockdown.take(level, time);
      if (level !== 'FULL') {
        for (const socket of sockets)
          expect((await socket.messagesUntilPong()).filter(({ type }) => type !== 'next')).toEqual([]);
      } else {
        for (const socket of [...sockets, early])
          expect(await socket.closed).toEqual({ code: 4423, reason: 'Service locked' });
      }
      for (const socket of [...sockets, early]) socket.close();
      await eventually(() => [...sockets, early].every(({ socket }) => socket.readyState === WebSocket.CLOSED));
    },
  );

  it('FULL lets an admin in and nobody else', async () => {
    lockdown.take('FULL', time);
    expect(await closeCodeOf(null)).toBe(4423);
    expect(await closeCodeOf(come({ roles: ['TRADER'] }))).toBe(4423);
    expect(await closeCodeOf(come({ roles, isKey: true }))).toBe(4423);
    expect(await closeCodeOf(come({ roles }))).toBeNull();
  });

  it('FULL ends the socket of an admin who brings the token of one that is none', async () => {
    const [admin, plain] = [come({ roles }), come({ roles: ['TRADER'] })];
    const [asAdmin, asPlain] = [admin, plain].map((text) => people.get(text.replace('Bearer ', ''))!);
    people.set(plain.replace('Bearer ', ''), { ...asPlain!, userId: asAdmin!.userId });
    lockdown.take('FULL', time);
    const socket = await RawSocket.connect(server.wsUrl, admin);
    socket.send({ type: 'ping', payload: { authorization: plain } });
    expect((await socket.closed).code).toBe(4423);
  });

  it('READONLY and NO_TRADING leave queries and streams open', async () => {
    const socket = await RawSocket.connect(server.wsUrl, come({ roles }));
    for (const level of ['READONLY', 'NO_TRADING'] satisfies LockdownLevel[]) {
      lockdown.take(level, time);
      socket.subscribe(level, '{ serverTime }');
      const answer = (await socket.next()) as { readonly payload?: { readonly errors?: [] } };
      expect(codesOf(answer.payload?.errors)).toEqual([]);
      expect((await socket.next()).type).toBe('complete');
    }
    socket.close();
  });
});

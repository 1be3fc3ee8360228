import { randomUUID } from 'node:crypto';
import { AppError } from '../../src/errors/appError';
import { AuditLog } from '../../src/operations/auditLog';
import { DeniedCalls, type DeniedCallsParts } from '../../src/security/deniedCalls';
import { LoginThrottle } from '../../src/security/loginThrottle';
import type { GraphqlServices } from '../../src/graphql/context';
import { AuditHouse } from '../kit/auditHouse';
import { MovableClock } from '../kit/movableClock';
import { ReadingHouse } from '../kit/readingHouse';
import { StandInTokens } from '../kit/standInTokens';
import { TestServer } from '../kit/testServer';

let house: AuditHouse;
let server: TestServer;
let denied: DeniedCalls;
const clock = new MovableClock();

function makeDenied(write: DeniedCallsParts['write']): DeniedCalls {
  const { runner, logger } = house;
  return new DeniedCalls({ write, clock: () => clock.now(), runner, logger });
}

beforeAll(async () => {
  house = await AuditHouse.open();
  await house.fill(7);
  const { auditEntries: entries, auditLinks: links } = house.storage;
  denied = makeDenied((entry) => entries.write(entry));
  server = await TestServer.start({
    denials: denied,
    login: { login: () => Promise.reject(new AppError('LOGIN_FAILED')) },
    services: {
      auditLog: new AuditLog({ entries, links, chain: house.chain, checkpointFile: '/nowhere/checkpoints' }),
    },
  });
});

afterAll(async () => {
  await server.stop();
  await denied.close();
  await house.stop();
});

interface Page {
  readonly nodes: readonly Readonly<Record<string, string | null>>[];
  readonly pageInfo: { readonly hasNextPage: boolean; readonly endCursor: string | null };
}

async function page(args: string): Promise<Page> {
  const query = `{ auditLog${args} { nodes { id seq at actor action target outcome ip hash prevHash } edges { cursor } pageInfo { hasNextPage endCursor } } }`;
  const { body } = await server.post({ query }, { authorization: server.bearer('AUDITOR') });
  return body.data?.['auditLog'] as Page;
}

const seqs = ({ nodes }: Page) => nodes.map(({ seq }) => seq);

describe('auditLog', () => {
  it('gives the newest first, a page after the other, each entry joined to the one before it', async () => {
    const first = await page('(first: 3)');
    const second = await page(`(first: 3, after: "${String(first.pageInfo.endCursor)}")`);
    const third = await page(`(first: 3, after: "${String(second.pageInfo.endCursor)}")`);
    const pages = [first, second, third];
    expect(pages.map(seqs)).toEqual([['7', '6', '5'], ['4', '3', '2'], ['1']]);
    expect(pages.map(({ pageInfo }) => pageInfo.hasNextPage)).toEqual([true, true, false]);
    const nodes = pages.flatMap(({ nodes: some }) => some);
    expect(nodes.slice(0, -1).map(({ prevHash }) => prevHash)).toEqual(nodes.slice(1).map(({ hash }) => hash));
    expect(nodes.at(-1)).toMatchObject({
      at: '2026-01-31T12:00:01.000Z',
      actor: 'user 1',
      action: 'order.create',
      target: 'order 1',
      outcome: 'stored "é" 1',
      ip: null,
      prevHash: house.chain.genesis,
    });
  });

  it('finds by actor, by action and by time, the end left out', async () => {
    expect(seqs(await page('(actor: "user 3")'))).toEqual(['3']);
    expect(seqs(await page('(action: "order.cancel")'))).toEqual([]);
    const range = '{ since: "2026-01-31T12:00:02.000Z", until: "2026-01-31T12:00:04.000Z" }';
    expect(seqs(await page(`(range: ${range})`))).toEqual(['3', '2']);
    expect(seqs(await page(`(action: "order.create", actor: "user 3", range: ${range})`))).toEqual(['3']);
  });

  const noId = '00000000-0000-0000-0000-000000000000';
  const cursors = ['1.5', '-1', '9'.repeat(30), '1e3'].map(
    (seq) => `(after: "${Buffer.from(JSON.stringify(['auditLog', seq, noId])).toString('base64url')}")`,
  );

  const inverted = '(range: { since: "2026-01-31T12:00:04Z", until: "2026-01-31T12:00:02Z" })';

  it.each(['(first: 0)', '(first: 501)', '(after: "bm90IG91cnM")', inverted, ...cursors])(
    'refuses %s',
    async (args) => {
      const query = `{ auditLog${args} { nodes { seq } } }`;
      const { codes } = await server.post({ query }, { authorization: server.bearer('ADMIN') });
      expect(codes).toEqual(['BAD_USER_INPUT']);
    },
  );
});

describe('verifyAuditLog', () => {
  const verify = async () => {
    const query = '{ verifyAuditLog { ok checked firstBadSeq } }';
    const { body } = await server.post({ query }, { authorization: server.bearer('ADMIN') });
    return body.data?.['verifyAuditLog'];
  };

  it('says that the log is whole, or where it is not', async () => {
    expect(await verify()).toEqual({ ok: true, checked: 7, firstBadSeq: null });
    await house.operator.query('ALTER TABLE audit_entries DISABLE TRIGGER ALL');
    await house.operator.query(`UPDATE audit_entries SET actor = 'eve' WHERE actor = 'user 5'`);
    expect(await verify()).toEqual({ ok: false, checked: 4, firstBadSeq: '5' });
    await house.operator.query(`UPDATE audit_entries SET actor = 'user 5' WHERE actor = 'eve'`);
    await house.operator.query('ALTER TABLE audit_entries ENABLE ALWAYS TRIGGER audit_entries_append_only');
  });
});

describe('the node of an entry', () => {
  it('is there for auditors and admins; for everybody else it is asked for and answered as what is nowhere is', async () => {
    const reading = await ReadingHouse.open();
    const { auditEntries: entries, auditLinks: links } = house.storage;
    const audited = new AuditLog({ entries, links, chain: house.chain, checkpointFile: '/nowhere/checkpoints' });
    // Of what else a node may be, there is nothing.
    const nothing = new Proxy({}, { get: () => () => Promise.resolve(null) }) as never;
    const both = await reading.openServer({ sessions: nothing, apiKeys: nothing, auditLog: audited });
    const [entry] = (await page('(first: 1)')).nodes;
    const absent = `${String(entry?.['id']).slice(0, -4)}ffff`;
    const ask = async (role: 'AUDITOR' | 'ADMIN' | 'TRADER' | 'ANALYST', id: unknown) => {
      reading.statements.length = 0;
      const query = 'query ($id: ID!) { node(id: $id) { id __typename ... on AuditEntry { seq } } }';
      const { body } = await both.post({ query, variables: { id } }, { authorization: both.bearer(role) });
      return { body, statements: [...reading.statements] };
    };
    const extensions = { cost: { units: expect.any(Number) as unknown, limit: 5_000 } };
    const found = { data: { node: { id: entry?.['id'], __typename: 'AuditEntry', seq: '7' } }, extensions };
    expect((await ask('AUDITOR', entry?.['id'])).body).toEqual(found);
    expect((await ask('ADMIN', entry?.['id'])).body).toEqual(found);
    expect((await ask('AUDITOR', absent)).body).toEqual({ data: { node: null }, extensions });
    for (const role of ['TRADER', 'ANALYST'] as const) {
      const foreign = await ask(role, entry?.['id']);
      expect(foreign.body).toEqual({ data: { node: null }, extensions });
      expect(foreign).toEqual(await ask(role, randomUUID()));
    }
    await reading.stop();
  });
});

describe('a mutation that is denied', () => {
  const order = 'mutation { cancelOrder(id: "secret-looking-id") { order { id } } }';
  const entries = () =>
    house.rows<{ actor: string; action: string; target: string | null; outcome: string; ip: string }>(
      'SELECT actor, action, target, outcome, ip FROM audit_entries WHERE number > 7 ORDER BY number',
    );

  it('leaves an entry without its arguments, whoever asks, when the answer is there', async () => {
    const viewer = server.tokens.issue({ userId: 'the viewer', roles: ['VIEWER'] });
    const authorization = `Bearer ${viewer.accessToken}`;
    expect((await server.post({ query: order }, { authorization })).codes).toEqual(['FORBIDDEN']);
    expect((await server.post({ query: order })).codes).toEqual(['UNAUTHENTICATED']);
    const shared = { action: 'cancelOrder', target: null, ip: '127.0.0.1' };
    expect(await entries()).toEqual([
      { ...shared, actor: 'the viewer', outcome: 'refused: FORBIDDEN' },
      { ...shared, actor: 'anonymous', outcome: 'refused: UNAUTHENTICATED' },
    ]);
  });

  it('leaves one for being too frequent as well', async () => {
    const login = 'mutation { login(email: "a@b.c", password: "hunter2") { expiresAt } }';
    for (let time = 0; time < 6; time += 1) await server.post({ query: login }, { path: '/auth/graphql' });
    expect((await entries()).slice(2)).toEqual([
      { actor: 'anonymous', action: 'login', target: null, outcome: 'refused: RATE_LIMITED', ip: '127.0.0.1' },
    ]);
  });

  it('leaves one where the throttle of an account, or the mode of one that a key may not trade on, refuses it', async () => {
    const written: unknown[] = [];
    const noting = makeDenied(({ actor, action, outcome }) => {
      written.push([actor, action, outcome]);
      return Promise.resolve();
    });
    const counted = {
      take: (_key: string, { max }: { readonly max: number }) => Promise.resolve(Array<number>(max).fill(0)),
    };
    const addresses = { isKnown: () => Promise.resolve(false), remember: () => Promise.resolve() };
    const throttle = new LoginThrottle({ reservations: counted, addresses, clock: () => 1 });
    const keys = new StandInTokens();
    const other = await TestServer.start({
      denials: noting,
      verifier: keys,
      login: {
        login: async ({ email }, { ip }) => {
          await throttle.admit(email, ip);
          throw new Error('the throttle let it pass');
        },
      },
      services: {
        accountViews: {
          account: () => Promise.resolve({ mode: 'PAPER' }),
        } as unknown as GraphqlServices['accountViews'],
      },
    });
    const login = 'mutation { login(email: "a@b.c", password: "hunter2") { expiresAt } }';
    expect((await other.post({ query: login }, { path: '/auth/graphql' })).codes).toEqual(['RATE_LIMITED']);
    const { authorization, principal } = keys.issue({ roles: ['TRADER'], scopes: ['TRADE_LIVE'] });
    const cancelAll = 'mutation { cancelAllOrders(account: "a") { replayed } }';
    expect((await other.post({ query: cancelAll }, { authorization })).codes).toEqual(['FORBIDDEN']);
    await other.stop();
    expect(written).toEqual([
      ['anonymous', 'login', 'refused: RATE_LIMITED'],
      [principal.credential.id, 'cancelAllOrders', 'refused: FORBIDDEN'],
    ]);
  });

  it('fills no disk: a flood is written as its first few and a number', async () => {
    const { accessToken } = server.tokens.issue({ userId: 'the flood', roles: ['VIEWER'] });
    clock.advance(60_000);
    const before = (await entries()).length;
    for (let time = 0; time < 30; time += 1)
      await server.post({ query: order }, { authorization: `Bearer ${accessToken}` });
    expect(await entries()).toHaveLength(before + 10);
    await denied.close();
    expect((await entries()).slice(before + 10)).toEqual([
      { actor: 'the flood', action: 'mutation.denied', target: null, outcome: '20 more', ip: '127.0.0.1' },
    ]);
  });

  it('fills no disk from a thousand addresses either', async () => {
    const written: string[] = [];
    const many = makeDenied(({ actor, outcome }) => {
      written.push(`${actor} ${outcome}`);
      return Promise.resolve();
    });
    for (let caller = 0; caller < 1_000; caller += 1) {
      const address = { principal: null, rateKey: `ip:${caller}`, ip: String(caller) };
      for (let time = 0; time < 3; time += 1) await many.record(address, 'login', 'RATE_LIMITED');
    }
    await many.close();
    expect(written).toHaveLength(120 + 60 + 1);
    expect(written.at(-1)).toBe('others 2700 more');
  });

  it('stays denied where it cannot be written', async () => {
    const failing = makeDenied(() => Promise.reject(new Error('the disk is full')));
    const other = await TestServer.start({ denials: failing });
    expect((await other.post({ query: order })).codes).toEqual(['UNAUTHENTICATED']);
    await other.stop();
  });
});

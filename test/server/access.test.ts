import { getIntrospectionQuery } from 'graphql';
import { randomUUID } from 'node:crypto';
import type { Role } from '../../src/identity/principal';
import { roles } from '../../src/identity/principal';
import type { GraphqlServices } from '../../src/graphql/context';
import { limits } from '../../src/security/limits';
import { RawSocket } from '../kit/rawSocket';
import { codesOf, TestServer, type TestServerOptions } from '../kit/testServer';

const btc = 'market: "simulator:BTC/USDT"';

/** One document for every root field of the schema that reads market data. */
const marketQueries = [
  '{ node(id: "simulator:BTC/USDT") { id } }',
  '{ markets { id } }',
  '{ market(id: "simulator:BTC/USDT") { id ticker { last } feed { stale } } }',
  `{ ticker(${btc}) { last } }`,
  '{ tickers(markets: ["simulator:BTC/USDT"]) { last } }',
  `{ orderBook(${btc}) { nonce } }`,
  `{ trades(${btc}) { id } }`,
  `{ candles(${btc}, timeframe: M1) { open } }`,
];
const marketStreams = [
  'subscription { tickers(markets: ["simulator:BTC/USDT"]) { meta { seq } } }',
  `subscription { orderBook(${btc}) { meta { seq } } }`,
  'subscription { trades(markets: ["simulator:BTC/USDT"]) { meta { seq } } }',
];

async function withServer(options: TestServerOptions, work: (server: TestServer) => Promise<void>): Promise<void> {
  const server = await TestServer.start(options);
  try {
    await work(server);
  } finally {
    await server.stop();
  }
}

async function streamCodes(server: TestServer, query: string, authorization?: string): Promise<readonly unknown[]> {
  const socket = await RawSocket.connect(server.wsUrl, authorization);
  socket.subscribe('1', query);
  const message = await socket.next();
  socket.close();
  return message.type === 'error' ? codesOf(message.payload as never) : [];
}

describe('market data', () => {
  it.each(roles)('is for everyone who is signed in, over both transports: %s', async (role) => {
    await withServer({}, async (server) => {
      const authorization = server.bearer(role);
      for (const query of marketQueries) expect((await server.post({ query }, { authorization })).codes).toEqual([]);
      for (const query of [...marketQueries, ...marketStreams])
        expect(await streamCodes(server, query, authorization)).toEqual([]);
    });
  });

  it('is not for strangers, and nothing is asked or opened on their behalf', async () => {
    await withServer({}, async (server) => {
      for (const query of marketQueries) expect((await server.post({ query })).codes).toEqual(['UNAUTHENTICATED']);
      for (const query of marketStreams) expect(await streamCodes(server, query)).toEqual(['UNAUTHENTICATED']);
      expect([server.market.calls, server.market.opened.length]).toEqual([0, 0]);
    });
  });

  it('is for strangers where PUBLIC_MARKET_DATA says so, and still nothing else is', async () => {
    await withServer({ access: { publicMarketData: true } }, async (server) => {
      for (const query of marketQueries) expect((await server.post({ query })).codes).toEqual([]);
      for (const query of marketStreams) expect(await streamCodes(server, query)).toEqual([]);
      expect((await server.post({ query: '{ me { id } }' })).codes).toEqual(['UNAUTHENTICATED']);
    });
  });
});

describe('credentials', () => {
  it('that are bad are never treated as none', async () => {
    await withServer({ access: { publicMarketData: true } }, async (server) => {
      const answers = await Promise.all(
        ['Bearer nonsense', 'Basic YTpi', 'Bearer', 'bearer a b'].map((authorization) =>
          server.post({ query: '{ serverTime }' }, { authorization }),
        ),
      );
      expect(answers.map(({ status, codes }) => [status, codes])).toEqual(
        answers.map(() => [401, ['UNAUTHENTICATED']]),
      );
    });
  });

  it('are not read from a URL or a cookie', async () => {
    await withServer({}, async (server) => {
      const token = server.bearer('ADMIN').slice('Bearer '.length);
      const headers = { cookie: `authorization=Bearer ${token}; token=${token}` };
      const answer = await server.post(
        { query: '{ me { id } }' },
        { path: `/graphql?authorization=Bearer%20${token}`, headers },
      );
      expect(answer.codes).toEqual(['UNAUTHENTICATED']);
    });
  });

  it('show their user, and a user who is gone as nobody', async () => {
    const user = {
      id: randomUUID(),
      email: 'a@b.test',
      roles: ['VIEWER'] as Role[],
      mfaEnabled: false,
      disabled: false,
      createdAt: 0,
    };
    await withServer({ users: [user] }, async (server) => {
      const { accessToken } = server.tokens.issue({ userId: user.id, roles: user.roles });
      const query = '{ me { id email roles createdAt } }';
      const known = await server.post({ query }, { authorization: `Bearer ${accessToken}` });
      expect(known.body.data).toEqual({
        me: { id: user.id, email: 'a@b.test', roles: ['VIEWER'], createdAt: '1970-01-01T00:00:00.000Z' },
      });
      expect((await server.post({ query }, { authorization: server.bearer('VIEWER') })).body.data).toEqual({
        me: null,
      });
    });
  });
});

describe('reading the schema', () => {
  const probes = [
    getIntrospectionQuery(),
    '{ __schema { queryType { name } } }',
    '{ __type(name: "User") { fields { name } } }',
  ];
  const readers: readonly Role[] = ['ANALYST', 'TRADER', 'AUDITOR', 'ADMIN'];

  it('is for the roles of the table alone, over both transports', async () => {
    await withServer({}, async (server) => {
      for (const query of probes) {
        for (const role of readers) {
          expect((await server.post({ query }, { authorization: server.bearer(role) })).codes).toEqual([]);
          expect(await streamCodes(server, query, server.bearer(role))).toEqual([]);
        }
        expect((await server.post({ query }, { authorization: server.bearer('VIEWER') })).codes).toEqual(['FORBIDDEN']);
        expect(await streamCodes(server, query, server.bearer('VIEWER'))).toEqual(['FORBIDDEN']);
        expect((await server.post({ query })).codes).toEqual(['UNAUTHENTICATED']);
        expect(await streamCodes(server, query)).toEqual(['UNAUTHENTICATED']);
      }
    });
  });

  it('is for nobody where it is switched off, over both transports', async () => {
    await withServer({ access: { introspection: false } }, async (server) => {
      for (const query of probes) {
        const authorization = server.bearer('ADMIN');
        expect((await server.post({ query }, { authorization })).codes).toEqual(['FORBIDDEN']);
        expect(await streamCodes(server, query, authorization)).toEqual(['FORBIDDEN']);
      }
    });
  });

  it('is refused on the auth endpoint as well', async () => {
    await withServer({}, async (server) => {
      expect((await server.post({ query: probes[1] }, { path: '/auth/graphql' })).codes).toEqual(['UNAUTHENTICATED']);
    });
  });
});

describe('the rate of a field', () => {
  it('is what runs of 210 calls at once, fifteen aliases a document, over both transports', async () => {
    let verifications = 0;
    const verify = () => {
      verifications += 1;
      return Promise.resolve({ ok: true, checked: 0, firstBadSeq: null, problem: null });
    };
    const auditLog = { verify } as unknown as GraphqlServices['auditLog'];
    await withServer({ services: { auditLog } }, async (server) => {
      const authorization = server.bearer('AUDITOR');
      const aliases = Array.from(
        { length: limits.document.maxAliases },
        (_, index) => `a${index}: verifyAuditLog { ok }`,
      );
      const query = `{ ${aliases.join(' ')} }`;
      const socket = await RawSocket.connect(server.wsUrl, authorization);
      for (let index = 0; index < 7; index += 1) socket.subscribe(String(index), query);
      const answers = await Promise.all(Array.from({ length: 7 }, () => server.post({ query }, { authorization })));
      const codes: unknown[] = answers.flatMap((answer) => answer.codes);
      for (let open = 7; open > 0;) {
        const { type, payload } = await socket.next();
        if (type === 'complete') open -= 1;
        else codes.push(...codesOf((payload as { errors?: [] }).errors));
      }
      const { max } = limits.rate.verification;
      expect(verifications).toBe(max);
      expect(codes).toEqual(Array<string>(14 * aliases.length - max).fill('RATE_LIMITED'));
      socket.close();
    });
  });
});

describe('the login', () => {
  const login = (email: string): string => `mutation { login(email: "${email}", password: "b") { accessToken } }`;

  it('is found on its own endpoint alone', async () => {
    let attempts = 0;
    const service = {
      login: () => {
        attempts += 1;
        return Promise.resolve({ accessToken: 't', expiresAt: 0, refreshToken: 'r' });
      },
    };
    await withServer({ login: service }, async (server) => {
      const answer = await server.post({ query: login('a') });
      expect([answer.status, attempts]).toEqual([400, 0]);
      expect((await server.post({ query: login('a') }, { path: '/auth/graphql' })).body.data).toEqual({
        login: { accessToken: 't' },
      });
    });
  });

  it('is tried five times a minute at most, by aliases or at once, whatever the address says of itself', async () => {
    let attempts = 0;
    const service = {
      login: () => {
        attempts += 1;
        return Promise.resolve({ accessToken: 't', expiresAt: 0, refreshToken: 'r' });
      },
    };
    await withServer({ login: service }, async (server) => {
      const aliased = await server.post(
        {
          query:
            'mutation { a: login(email: "a", password: "b") { expiresAt } b: login(email: "a", password: "c") { expiresAt } }',
        },
        { path: '/auth/graphql' },
      );
      expect([aliased.codes, attempts]).toEqual([['BATCH_REFUSED'], 0]);
      const requests = Array.from({ length: 200 }, (_, index) =>
        server.post({ query: login('a') }, { path: '/auth/graphql', headers: { 'x-forwarded-for': `9.9.9.${index}` } }),
      );
      const answers = await Promise.all(requests);
      expect(attempts).toBe(5);
      const refused = answers.flatMap(({ body }) => body.errors ?? []);
      expect(refused.every(({ extensions }) => extensions['code'] === 'RATE_LIMITED')).toBe(true);
      expect(refused.every(({ extensions }) => Number(extensions['retryAfterMs']) > 0)).toBe(true);
    });
  });
});

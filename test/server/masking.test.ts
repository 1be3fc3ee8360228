import { GraphQLError } from 'graphql';
import { AppError } from '../../src/errors/appError';
import { catalogue, type ErrorCode } from '../../src/errors/catalogue';
import { RawSocket } from '../kit/rawSocket';
import { TestServer } from '../kit/testServer';

const secrets = ['10.0.0.5', 'hunter2', 'SELECT', 'apiKey=abc', '/srv/tickgate'];
const text = `connect ECONNREFUSED 10.0.0.5:5432 hunter2 SELECT * FROM users apiKey=abc at /srv/tickgate/x.js`;

/** What could be thrown somewhere inside, each full of what nobody outside may read. */
const failures: readonly (readonly [string, Error])[] = [
  ['an Error', new Error(text)],
  ['a TypeError', new TypeError(text)],
  ['an error of the system', Object.assign(new Error(text), { code: 'ECONNREFUSED', address: '10.0.0.5' })],
  [
    'an error of the database',
    Object.assign(new Error(text), { code: '42P01', query: 'SELECT 1', driverError: new Error(text) }),
  ],
  ['an error with a code of ours that is not ours', Object.assign(new Error(text), { code: 'FORBIDDEN' })],
  [
    'an error with extensions',
    Object.assign(new Error(text), { extensions: { code: 'DATABASE', stacktrace: [text] } }),
  ],
  ['a GraphQLError around another', new GraphQLError(text, { originalError: new Error(text) })],
  ['an AggregateError', new AggregateError([new Error(text)], text)],
];

let server: TestServer;
let authorization: string;

beforeAll(async () => {
  server = await TestServer.start();
  authorization = server.bearer('TRADER');
});

afterAll(() => server.stop());

const query = '{ ticker(market: "simulator:BTC/USDT") { last } }';
const subscription = 'subscription { tickers(markets: ["simulator:BTC/USDT"]) { meta { seq } } }';

describe('a failure inside', () => {
  it.each(failures)('leaves no trace over HTTP but a request id: %s', async (_name, failure) => {
    server.market.failWith = failure;
    const answer = await server.post({ query }, { authorization });
    expect(answer.codes).toEqual(['INTERNAL_SERVER_ERROR']);
    expect(answer.body.errors?.[0]?.extensions['requestId']).toBe(answer.headers.get('x-request-id'));
    expect(secrets.filter((secret) => JSON.stringify(answer.body).includes(secret))).toEqual([]);
  });

  it.each(failures)('leaves no trace over the WebSocket but a request id: %s', async (_name, failure) => {
    server.market.failWith = failure;
    const socket = await RawSocket.connect(server.wsUrl, authorization);
    for (const [id, document] of [query, subscription].entries()) {
      socket.subscribe(String(id), document);
      const answer = JSON.stringify(await socket.next());
      expect(answer).toContain('"code":"INTERNAL_SERVER_ERROR","requestId":"');
      expect(secrets.filter((secret) => answer.includes(secret))).toEqual([]);
      if (document === query) await socket.next();
    }
    socket.close();
  });

  it('of ours keeps its code, message and place, and nothing of its cause', async () => {
    server.market.failWith = new AppError('EXCHANGE_UNAVAILABLE', { cause: new Error(text) });
    const answer = await server.post({ query }, { authorization });
    expect(answer.body.errors).toEqual([
      {
        message: catalogue.EXCHANGE_UNAVAILABLE.message,
        locations: [{ line: 1, column: 3 }],
        path: ['ticker'],
        extensions: { code: 'EXCHANGE_UNAVAILABLE' },
      },
    ]);
  });

  it('in one field leaves its neighbours standing', async () => {
    server.market.failWith = new Error(text);
    const answer = await server.post(
      { query: `{ serverTime ticker(market: "simulator:BTC/USDT") { last } }` },
      { authorization },
    );
    expect(answer.status).toBe(200);
    expect(answer.body.data).toEqual({ serverTime: expect.any(String) as string, ticker: null });
  });
});

describe('the catalogue of errors', () => {
  it('loses no code and gains none unnoticed: clients rely on them', () => {
    const codes: readonly ErrorCode[] = Object.keys(catalogue).sort() as ErrorCode[];
    expect(codes).toMatchInlineSnapshot(`
      [
        "ACCOUNT_HAS_ORDERS",
        "ACCOUNT_HAS_POSITIONS",
        "ACCOUNT_NOT_FOUND",
        "APPROVAL_KEY_CHANGED",
        "APPROVAL_NOT_YOURS",
        "BAD_REQUEST",
        "BAD_USER_INPUT",
        "BATCH_REFUSED",
        "CREDENTIALS_REFUSED",
        "EMAIL_TAKEN",
        "EXCHANGE_RATE_LIMITED",
        "EXCHANGE_UNAVAILABLE",
        "FLATTEN_NEEDS_HALT",
        "FORBIDDEN",
        "GRAPHQL_PARSE_FAILED",
        "GRAPHQL_VALIDATION_FAILED",
        "INTERNAL_SERVER_ERROR",
        "LAST_ADMIN",
        "LIMIT_NOT_ACCEPTABLE",
        "LOGIN_FAILED",
        "MAIL_NOT_CONFIGURED",
        "MARKET_NOT_FOUND",
        "MFA_FAILED",
        "MFA_REQUIRED",
        "NOT_FOUND",
        "NOT_STREAMABLE",
        "OPERATION_NOT_TRUSTED",
        "PASSWORD_NOT_ACCEPTABLE",
        "PERSISTED_QUERY_NOT_SUPPORTED",
        "QUERY_TOO_COSTLY",
        "QUERY_TOO_DEEP",
        "QUERY_TOO_LARGE",
        "QUERY_TOO_MANY_ALIASES",
        "QUERY_TOO_MANY_DIRECTIVES",
        "RATE_LIMITED",
        "REASON_NOT_ACCEPTABLE",
        "RESET_FAILED",
        "SIGNATURE_OUT_OF_TIME",
        "SIGNATURE_REFUSED",
        "SIGNATURE_REPLAYED",
        "SIGNATURE_REQUIRED",
        "SIGNATURE_UNCHECKABLE",
        "STEP_UP_REQUIRED",
        "TOO_MANY_SUBSCRIPTIONS",
        "UNAUTHENTICATED",
        "USER_NOT_FOUND",
      ]
    `);
  });
});

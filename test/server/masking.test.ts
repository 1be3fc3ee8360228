import { AppError } from '../../src/errors/appError';
import { catalogue, type ErrorCode } from '../../src/errors/catalogue';
import { eventually } from '../kit/eventually';
import { makeMeta } from '../kit/fakeMarket';
import { RawSocket, type Message } from '../kit/rawSocket';
import { TestServer, type GraphqlAnswer } from '../kit/testServer';
import { ThrowingHouses, thrownKinds, thrownText } from '../kit/thrownKinds';

const text = thrownText;
const { message } = catalogue.INTERNAL_SERVER_ERROR;

let server: TestServer;
/** Executes every subscription for its reader alone. */
let unshared: TestServer;
let authorization: string;
let houses: ThrowingHouses;

beforeAll(async () => {
  // A socket that a failed test leaves open is no cause for the next to fail.
  server = await TestServer.start({ caps: { maxSocketsPerUser: 1_000 } });
  unshared = await TestServer.start({ caps: { maxSocketsPerUser: 1_000 }, sharedExecution: false });
  authorization = server.bearer('TRADER');
  houses = await ThrowingHouses.open();
}, 120_000);

afterAll(async () => {
  await houses.close();
  await unshared.stop();
  await server.stop();
});

const query = '{ ticker(market: "simulator:BTC/USDT") { last } }';
const subscription = 'subscription { tickers(markets: ["simulator:BTC/USDT"]) { meta { seq } tickers { last } } }';

type Told = Readonly<Record<'locations' | 'path', unknown>>;

/** The whole of what a client may know of a failure inside, and where in its own document that was: there is no place left for anything else. */
function expectMasked(
  errors: unknown,
  inDocument: { readonly path: readonly string[]; readonly column: number },
): void {
  expect(errors).toHaveLength(1);
  const [{ locations, path, ...rest }] = errors as readonly [Told];
  const requestId = expect.stringMatching(/^[0-9a-f-]{36}$/) as unknown;
  expect(rest).toEqual({ message, extensions: { code: 'INTERNAL_SERVER_ERROR', requestId } });
  expect([undefined, inDocument.path]).toContainEqual(path);
  expect([undefined, [{ line: 1, column: inDocument.column }]]).toContainEqual(locations);
}

const ofQuery = { path: ['ticker'], column: 3 };

it('is tried with thirty kinds and more', () => {
  expect(new Set(thrownKinds.map(([name]) => name)).size).toBeGreaterThanOrEqual(30);
});

describe.each(thrownKinds)('thrown inside: %s', (_name, make) => {
  it('leaves no trace over HTTP but a request id', async () => {
    server.market.failure = { thrown: await make(houses) };
    const answer = await server.post({ query }, { authorization });
    expectMasked(answer.body.errors, ofQuery);
    const extensions = { cost: expect.anything() as unknown };
    expect(answer.body).toEqual({ data: { ticker: null }, errors: answer.body.errors, extensions });
    expect(answer.body.errors?.[0]?.extensions['requestId']).toBe(answer.headers.get('x-request-id'));
  });

  it.each([
    ['executed for all', () => server],
    ['executed for one', () => unshared],
  ])('leaves no trace over the WebSocket but a request id, %s', async (_way, ofWay) => {
    const { market, wsUrl } = ofWay();
    const thrown = await make(houses);
    const socket = await RawSocket.connect(wsUrl, ofWay().bearer('TRADER'));
    const next = async () => (await socket.next()) as Message & { readonly payload: GraphqlAnswer['body'] };
    market.failure = { thrown };
    socket.subscribe('query', query);
    const { payload } = await next();
    expectMasked(payload.errors, ofQuery);
    expect(payload).toEqual({ data: { ticker: null }, errors: payload.errors });
    await next();
    const ofSource = { path: ['tickers'], column: 16 };
    socket.subscribe('opening', subscription);
    const opening = await next();
    expect(opening.type).toBe('error');
    expectMasked(opening.payload, ofSource);
    market.failure = null;
    socket.subscribe('event', subscription);
    expect((await next()).payload.errors).toBeUndefined();
    const stream = market.opened.at(-1);
    stream?.push(eventThatThrows(thrown) as never);
    const event = await next();
    // What has been compiled ends with the event; what has not tells where in it the failure was.
    const isEnd = event.type === 'error';
    expectMasked(isEnd ? event.payload : event.payload.errors, {
      path: ['tickers', 'tickers'],
      column: subscription.lastIndexOf('tickers') + 1,
    });
    if (!isEnd) {
      expect(event.payload).toEqual({ data: null, errors: event.payload.errors });
      await eventually(() => stream?.isAwaited === true);
      stream?.fail(thrown);
      const end = await next();
      expect(end.type).toBe('error');
      expectMasked(end.payload, ofSource);
    }
    socket.close();
  });
});

function eventThatThrows(thrown: unknown): object {
  return {
    meta: makeMeta('UPDATE', '2'),
    get tickers(): never {
      throw thrown;
    },
  };
}

describe('a failure inside', () => {
  it('of ours keeps its code, message and place, and nothing of its cause', async () => {
    server.market.failure = { thrown: new AppError('EXCHANGE_UNAVAILABLE', { cause: new Error(text) }) };
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
    server.market.failure = { thrown: new Error(text) };
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
        "SEALING_UNAVAILABLE",
        "SERVICE_LOCKED",
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

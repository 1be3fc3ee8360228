import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { hash } from '@node-rs/argon2';
import { getNamedType, isEnumType, isNonNullType, OperationTypeNode, type GraphQLInputType } from 'graphql';
import { Client } from 'pg';
import pino from 'pino';
import { buildAuthSchema, buildMainSchema } from '../../src/graphql/buildSchemas';
import type { Role } from '../../src/identity/principal';
import { authTable, mainTable } from '../../src/security/permissions';
import { eventually } from '../kit/eventually';
import { HostileValues, seededRandom } from '../kit/hostileValues';
import { inputPlacesOf, type InputPlace } from '../kit/inputPlaces';
import { RawSocket } from '../kit/rawSocket';
import { sqlTexts } from '../kit/sqlTexts';
import { startSimulator, type RunningSimulator } from '../kit/simulator';
import { codesOf, type GraphqlAnswer } from '../kit/testServer';
import { RunningTickgate } from '../kit/tickgate';
import { WatchedStatements } from '../kit/watchedStatements';

/** What the server writes to its log of errors; everything of it is the server's own failure. */
const mockLog: string[] = [];
jest.mock('../../src/telemetry/logger', () => ({
  createLogger: () => pino({ level: 'error' }, { write: (line: string) => mockLog.push(line) }),
}));
// Rates have tests of their own, and would keep everything else from being asked.
jest.mock('../../src/security/openReservations', () => ({
  openReservations: () => ({
    reservations: { take: () => Promise.resolve([]), spend: () => Promise.resolve(0) },
    close: () => Promise.resolve(),
  }),
}));

/** How many values are sent in all: HOSTILE_VALUES=10000 for a night. */
const wanted = Number(process.env['HOSTILE_VALUES'] ?? 2_500);
/** HOSTILE_SEED=… sends others. */
const seed = Number(process.env['HOSTILE_SEED'] ?? 20_261_122);
const atOnce = 6;

type Api = '/graphql' | '/auth/graphql';

interface Sent {
  readonly place: InputPlace;
  readonly api: Api;
  readonly json: string;
}

interface CommittedField {
  readonly type: string;
  readonly field: string;
  readonly decisions: Readonly<Record<Role, string>>;
}

const projectFile = (name: string): string => readFileSync(path.resolve(__dirname, '../..', name), 'utf8');
const committed = JSON.parse(projectFile('schema/permissions.json')) as readonly CommittedField[];
/** Every code that docs/ERRORS.md promises to explain. */
const knownCodes: ReadonlySet<unknown> = new Set(
  [...projectFile('docs/ERRORS.md').matchAll(/^\| `([A-Z_]+)`/gm)].map(([, code]) => code),
);

const password = 'nobody guesses this one 7';
const usualNames: Readonly<Record<string, () => unknown>> = {
  exchange: () => 'simulator',
  currency: () => 'USDT',
  label: () => 'one more',
  reason: () => 'to see what happens',
  email: () => `${randomUUID()}@example.org`,
  idempotencyKey: () => randomUUID(),
  mode: () => 'PAPER',
  side: () => 'BUY',
  expiresAt: () => new Date(Date.now() + 3_600_000).toISOString(),
  scopes: () => 'MARKET_READ',
  // Filled as every list is, with one of each.
  paperBalances: () => [],
  document: () => '{ serverTime }',
};
const usualTypes: Readonly<Record<string, unknown>> = {
  String: 'text',
  Int: 5,
  Boolean: false,
  Decimal: '0.01',
  DateTime: '2026-01-31T12:00:00.000Z',
  MarketId: 'simulator:BTC/USDT',
  Cursor: 'c1',
  JSON: {},
  OrderType: 'MARKET',
  Role: 'VIEWER',
};

let simulator: RunningSimulator;
let server: RunningTickgate;
let operator: Client;
let statements: WatchedStatements;
/** Things that there are, by what they are. */
const ids = { account: '', spare: '', order: '', user: '', stranger: '' };
let places: readonly (InputPlace & { readonly api: Api })[];
/** Of the server's own PostgreSQL, which writes down every statement that fails. */
let databaseLog: string;
let logBegins: number;

beforeAll(async () => {
  simulator = await startSimulator({ seed: 'hostile' });
  server = await RunningTickgate.start('simulator', simulator, { environment: { MAX_MESSAGES_PER_MINUTE: '10000' } });
  databaseLog = path.join(server.config.dataDir, 'postgres.log');
  // Behind what the first start of the database wrote, of which this one is a copy.
  logBegins = readFileSync(databaseLog).length;
  operator = new Client({ connectionString: server.databaseUrl });
  await operator.connect();
  await operator.query(
    `CREATE TABLE tickgate_canary (word text NOT NULL); INSERT INTO tickgate_canary VALUES ('sings')`,
  );
  await prepareThings();
  places = [
    ...inputPlacesOf(buildMainSchema(), mainTable, usual).map((place) => ({ ...place, api: '/graphql' as const })),
    ...inputPlacesOf(buildAuthSchema(), authTable, usual).map((place) => ({ ...place, api: '/auth/graphql' as const })),
  ];
  statements = new WatchedStatements('everything');
}, 120_000);

afterAll(async () => {
  statements.stop();
  await operator.end();
  await server.stop();
  await simulator.stop();
});

/** Every user has the same password, whose comparison is quick; the trader has an account with money, and an order. */
async function prepareThings(): Promise<void> {
  for (const which of ['account', 'spare'] as const) {
    const created = await data(
      `mutation { it: createAccount(input: { label: "${which}", exchange: "simulator", mode: PAPER,
        paperBalances: [{ currency: "USDT", amount: "100000000" }] }) { account { id } } }`,
    );
    ids[which] = (created['account'] as { readonly id: string }).id;
  }
  const { rows } = await operator.query<{ id: string; email: string }>('SELECT id, email FROM users');
  ids.stranger = rows.find(({ email }) => email.startsWith('analyst'))?.id ?? '';
  const made = await data(
    `mutation { it: createUser(email: "someone@example.org", password: "${password}", roles: [VIEWER]) { id } }`,
    'ADMIN',
  );
  ids.user = String(made['id']);
  await setPasswords();
  await eventually(async () => {
    // Refused until the account has been compared with its exchange.
    const { order } = await data(
      `mutation { it: createOrder(input: { idempotencyKey: "first", account: "${ids.account}", market: "simulator:BTC/USDT",
        type: MARKET, side: BUY, amount: "0.01" }) { order { id } } }`,
    );
    ids.order = (order as { readonly id: string } | null)?.id ?? '';
    return ids.order !== '';
  });
  await post({ query: 'mutation { enrollMfa { otpauthUri } }' }, '/auth/graphql', await server.signIn('VIEWER'));
}

async function setPasswords(): Promise<void> {
  const quick = await hash(password, { memoryCost: 8, timeCost: 1, parallelism: 1 });
  await operator.query(`${ofOperator} UPDATE users SET password_hash = $1`, [quick]);
}

async function data(query: string, role: Role = 'TRADER'): Promise<Record<string, unknown>> {
  const answer = await post({ query }, '/graphql', await server.signIn(role));
  const it = answer.body.data?.['it'];
  if (it == null) throw new Error(JSON.stringify(answer.body));
  return it as Record<string, unknown>;
}

function usual(coordinate: string, type: GraphQLInputType): unknown {
  const [, field = '', ...rest] = coordinate.split('.');
  const name = rest.filter((step) => step !== '0').at(-1) ?? '';
  if (field === 'removeAccount') return ids.spare;
  if (field === 'eraseMyAccount') return 'another password';
  if (field === 'login' && name === 'email') return 'someone@example.org';
  const given = usualNames[name]?.();
  if (given !== undefined) return given;
  if (/password|current|next/.test(name)) return password;
  if (!isNonNullType(type)) return name === 'amount' ? '0.01' : undefined;
  const named = getNamedType(type);
  if (isEnumType(named)) return usualTypes[named.name] ?? named.getValues()[0]!.name;
  if (named.name !== 'ID') return usualTypes[named.name];
  if (/order/i.test(field)) return name === 'account' ? ids.account : ids.order;
  if (/user/i.test(field) || name === 'userId') return name === 'userId' ? ids.stranger : ids.user;
  return ids.account;
}

/** Who may reach the field, the least of them first. */
function roleFor({
  api,
  operation,
  rootField,
}: Pick<InputPlace, 'operation' | 'rootField'> & { readonly api: Api }): Role {
  const root = `${operation[0]!.toUpperCase()}${operation.slice(1)}`;
  const type = api === '/graphql' ? root : `auth/${root}`;
  const row = committed.find((one) => one.type === type && one.field === rootField);
  const order: readonly Role[] = api === '/graphql' ? ['TRADER', 'ADMIN', 'AUDITOR'] : ['VIEWER'];
  const role = order.find((one) => row?.decisions[one] === 'ALLOW');
  if (role === undefined) throw new Error(`nobody may ask for ${type}.${rootField}`);
  return role;
}

function isStream({ place }: { readonly place: InputPlace }): boolean {
  return place.operation === OperationTypeNode.SUBSCRIPTION;
}

async function post(body: object | string, api: Api, authorization: string): Promise<GraphqlAnswer> {
  const response = await fetch(`${server.url}${api}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });
  const answer = (await response.json()) as GraphqlAnswer['body'];
  return { status: response.status, headers: response.headers, body: answer, codes: codesOf(answer.errors) };
}

/** A document that holds the value is not JSON any more where half a surrogate pair stands in it: it goes as its escape does. */
async function send({ place, api, json }: Sent, isLiteral: boolean): Promise<GraphqlAnswer> {
  const authorization = await server.signIn(roleFor({ ...place, api }));
  if (isLiteral) return post(place.inDocument(json), api, authorization);
  const { query, variablesJson } = place.inVariables(json);
  return post(`{"query":${JSON.stringify(query)},"variables":${variablesJson}}`, api, authorization);
}

/** Every text of an answer that says no, wherever it stands. */
function refusalTexts(answer: GraphqlAnswer): readonly string[] {
  const texts: string[] = [JSON.stringify(answer.body.errors ?? [])];
  walk(answer.body.data, (name, value) => {
    if (name === 'errors') texts.push(JSON.stringify(value));
  });
  return texts;
}

function userErrorCodes(answer: GraphqlAnswer): readonly unknown[] {
  const codes: unknown[] = [];
  walk(answer.body.data, (name, value) => {
    if (name !== 'errors' || !Array.isArray(value)) return;
    for (const { code } of value as readonly { readonly code?: unknown }[]) codes.push(code);
  });
  return codes;
}

function walk(value: unknown, visit: (name: string, value: unknown) => void): void {
  if (typeof value !== 'object' || value === null) return;
  for (const [name, one] of Object.entries(value)) {
    visit(name, one);
    walk(one, visit);
  }
}

/** What of a value would be known again in an answer: texts and numbers of some length. */
function telltales(json: string): readonly string[] {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch {
    return [];
  }
  const told = typeof value === 'string' ? value : json;
  // Numbers are compared with the bounds that messages name, and short texts are words of the messages.
  return told.length < 9 || /^-?\d{1,10}$/.test(told) ? [] : [JSON.stringify(told).slice(1, -1)];
}

/** Begins what this test asks the database itself. */
const ofOperator = '/* the test */';
/** What the server changes of itself, or goes on changing once it has answered; the others stand still while everything is refused. */
const busyTables = [
  ...['account_events', 'audit_entries', 'audit_links', 'reconciliations', 'equity_days', 'sessions', 'balances'],
  ...['fills', 'ledger_entries', 'order_transitions', 'order_attempts', 'orders', 'positions', 'position_changes'],
  ...['paper_accounts', 'paper_balances', 'paper_fills', 'paper_orders', 'paper_positions', 'paper_transfers'],
];
const canary = '1 [{"word": "sings"}]';

/** How many rows there are and, of tables that stand still, what they hold. */
async function readState(): Promise<Readonly<Record<string, string>>> {
  const { rows: tables } = await operator.query<{ name: string }>(
    `${ofOperator} SELECT tablename AS name FROM pg_tables WHERE schemaname = 'public' AND tablename <> ALL ($1) ORDER BY 1`,
    [busyTables],
  );
  // Of accounts the number: their events are counted in them, and their equity is valued again and again.
  const states = tables.map(({ name }) => {
    const held = name === 'accounts' ? `''` : `coalesce(jsonb_agg(to_jsonb(t) ORDER BY to_jsonb(t))::text, '[]')`;
    return `SELECT '${name}' AS name, concat(count(*), ' ', ${held}) AS state FROM ${name} t`;
  });
  const { rows } = await operator.query<{ name: string; state: string }>(`${ofOperator} ${states.join(' UNION ALL ')}`);
  return Object.fromEntries(rows.map(({ name, state }) => [name, state]));
}

it('finds every argument and every input field of both schemas', () => {
  const names = places.map(({ api, coordinate }) => `${api} ${coordinate}`);
  expect(new Set(names).size).toBe(names.length);
  for (const input of ['createUser.roles.0', 'createOrder.input.price', 'orders.where.range.since', 'login.email'])
    expect(names.filter((name) => name.endsWith(`.${input}`))).toHaveLength(1);
  expect(places.length).toBeGreaterThan(150);
});

it('reaches every field with what is usual, but for what would need more than a field', async () => {
  const refused: Record<string, unknown> = {};
  const asked = new Set<string>();
  for (const place of places) {
    const [type = '', field = ''] = place.coordinate.split('.');
    const name = `${type}.${field}`;
    if (asked.has(name) || isStream({ place })) continue;
    asked.add(name);
    const answer = await send({ place, api: place.api, json: place.usualJson() }, false);
    const codes = [...answer.codes, ...userErrorCodes(answer)];
    if (codes.length > 0) refused[name] = codes.join();
  }
  expect(refused).toMatchInlineSnapshot(`
    {
      "Mutation.approveAccount": "ACCOUNT_NOT_FOUND",
      "Mutation.closePosition": "POSITION_NOT_FOUND",
      "Mutation.confirmMfa": "MFA_FAILED",
      "Mutation.editOrder": "ORDER_NOT_OPEN",
      "Mutation.eraseMyAccount": "LOGIN_FAILED",
      "Mutation.replaceCredentials": "CREDENTIALS_NOT_ACCEPTABLE",
      "Mutation.requestPasswordReset": "MAIL_NOT_CONFIGURED",
      "Mutation.resetPassword": "RESET_FAILED",
      "Mutation.stepUp": "MFA_FAILED",
      "Mutation.verifyMfa": "MFA_FAILED",
    }
  `);
});

it(`answers ${String(wanted)} hostile values over HTTP and WebSocket with data or a known code, and breaks nothing`, async () => {
  const values = new HostileValues(seededRandom(seed), [...Object.values(ids), 'first', 'constructor']);
  const perPlace = Math.ceil(wanted / places.length);
  const counted = { sent: 0, accepted: 0 };
  for (const place of places) {
    const work = Array.from({ length: perPlace }, (_, index) => {
      return { place, api: place.api, json: values.next(place.type), isLiteral: index % 4 === 3 };
    });
    const before = await readState();
    statements.texts.length = 0;
    const answers = isStream({ place }) ? await overSocket(place, work) : await overHttp(work);
    const accepted = answers.filter(({ isAccepted }) => isAccepted).length;
    counted.sent += answers.length;
    counted.accepted += accepted;
    expect(answers.flatMap(({ fault }) => (fault === null ? [] : [fault]))).toEqual([]);
    expect([place.coordinate, findInStatements(work)]).toEqual([place.coordinate, []]);
    if (place.operation !== OperationTypeNode.MUTATION || accepted === 0)
      expect([place.coordinate, await readState()]).toEqual([place.coordinate, before]);
  }
  expect(counted.sent).toBeGreaterThanOrEqual(wanted);
  // Some are taken: what refuses everything would pass this test as well.
  expect(counted.accepted).toBeGreaterThan(counted.sent / 20);
  expect((await readState())['tickgate_canary']).toBe(canary);
  expect(failedStatements(logBegins)).toEqual([]);
  // A limit of loss that was taken is watched, and the market moves: that it is reached is no failure.
  expect(mockLog.filter((line) => !/"code":"MAX_(DAILY_LOSS|DRAWDOWN)"/.test(line))).toEqual([]);
}, 300_000);

it('lets no text of SQL reach the parser of the database: its log tells of no statement that failed', async () => {
  expect(sqlTexts.length).toBeGreaterThanOrEqual(200);
  // What the log would say, so that its silence means something.
  const before = readFileSync(databaseLog).length;
  await expect(operator.query(`${ofOperator} SELECT 'tickgate_canary''`)).rejects.toThrow('unterminated');
  // Without its text, which could tell of a person.
  await eventually(() => failedStatements(before).length === 1);
  const written = readFileSync(databaseLog).length;
  statements.texts.length = 0;
  const textPlaces = places.filter((place) => ['String', 'ID', 'Cursor'].includes(getNamedType(place.type).name));
  const work = sqlTexts.flatMap((sql, index) =>
    [0, 1, 2].map((turn) => {
      const place = textPlaces[(index * 3 + turn) % textPlaces.length]!;
      return { place, api: place.api, json: JSON.stringify(sql), isLiteral: turn === 2 };
    }),
  );
  const outcomes = [...(await overHttp(work.filter((one) => !isStream(one))))];
  for (const place of textPlaces.filter((one) => isStream({ place: one })))
    outcomes.push(
      ...(await overSocket(
        place,
        work.filter((one) => one.place === place),
      )),
    );
  expect(outcomes).toHaveLength(3 * sqlTexts.length);
  expect(outcomes.flatMap(({ fault }) => (fault === null ? [] : [fault]))).toEqual([]);
  expect(findInStatements(work)).toEqual([]);
  expect(failedStatements(written)).toEqual([]);
  expect((await readState())['tickgate_canary']).toBe(canary);
}, 120_000);

/** What the database has written down of statements that failed, since its log was so long. */
function failedStatements(since: number): readonly string[] {
  const lines = readFileSync(databaseLog).subarray(since).toString().split('\n');
  return lines.filter((line) => /ERROR:|FATAL:|PANIC:|STATEMENT:/.test(line));
}

interface Outcome {
  readonly isAccepted: boolean;
  readonly fault: readonly unknown[] | null;
}

function judge(sent: Sent, answer: GraphqlAnswer): Outcome {
  const fault = faultOf(sent, answer);
  return {
    isAccepted: answer.codes.length === 0 && userErrorCodes(answer).length === 0,
    fault: fault === null ? null : [sent.place.coordinate, sent.json.slice(0, 200), fault],
  };
}

/** A few at once, as clients come. */
async function overHttp(work: readonly (Sent & { readonly isLiteral: boolean })[]): Promise<readonly Outcome[]> {
  const [left, outcomes]: [(typeof work)[number][], Outcome[]] = [[...work], []];
  const lane = async (): Promise<void> => {
    for (let one = left.pop(); one !== undefined; one = left.pop()) {
      const outcome = judge(one, await send(one, one.isLiteral));
      outcomes.push(outcome);
      if (outcome.isAccepted && one.place.rootField === 'changePassword') await setPasswords();
    }
  };
  await Promise.all(Array.from({ length: atOnce }, lane));
  return outcomes;
}

/** One after the other over one socket; another where the server has closed it. */
async function overSocket(place: InputPlace, work: readonly Sent[]): Promise<readonly Outcome[]> {
  const authorization = await server.signIn(roleFor({ ...place, api: '/graphql' }));
  const connect = () => RawSocket.connect(`${server.url.replace('http', 'ws')}/graphql`, authorization);
  const outcomes: Outcome[] = [];
  let socket = await connect();
  for (const [index, one] of work.entries()) {
    const id = String(index);
    const { query, variablesJson } = place.inVariables(one.json);
    socket.send(
      `{"id":"${id}","type":"subscribe","payload":{"query":${JSON.stringify(query)},"variables":${variablesJson}}}`,
    );
    const errors = await firstErrors(socket, id);
    if (typeof errors === 'number') {
      // A message that is too large, or no JSON that could be read.
      expect([1009, 4400]).toContain(errors);
      socket = await connect();
      outcomes.push({ isAccepted: false, fault: null });
      continue;
    }
    socket.send({ id, type: 'complete' });
    outcomes.push(judge(one, { status: 200, headers: new Headers(), body: { errors }, codes: codesOf(errors) }));
  }
  socket.close();
  return outcomes;
}

type Errors = NonNullable<GraphqlAnswer['body']['errors']>;

/** What the first message of an operation says is wrong; the code of the socket's end where it has ended. */
async function firstErrors(socket: RawSocket, id: string): Promise<Errors | number> {
  try {
    for (;;) {
      const message = await socket.next();
      if (message.id !== id) continue;
      const { payload } = message as { readonly payload?: unknown };
      return Array.isArray(payload)
        ? (payload as Errors)
        : ((payload as GraphqlAnswer['body'] | undefined)?.errors ?? []);
    }
  } catch {
    return (await socket.closed).code;
  }
}

/** Texts of this work that stand in a statement itself, where only the names of its parameters should. */
function findInStatements(work: readonly Sent[]): readonly string[] {
  const texts = statements.texts.filter((text) => !text.startsWith(ofOperator));
  const sent = work
    .flatMap(({ json }) => telltales(json))
    .map((text) => (JSON.parse(`"${text}"`) as string).replace(/\s+/g, ' '))
    // One word may be the name of a column.
    .filter((text) => /\W/.test(text));
  return texts.filter((text) => text.includes('tickgate_canary') || sent.some((one) => text.includes(one)));
}

function faultOf({ json }: Pick<Sent, 'json'>, answer: GraphqlAnswer): string | null {
  if (answer.status >= 500) return `status ${String(answer.status)} ${JSON.stringify(answer.body)}`;
  const unknown = [...answer.codes, ...userErrorCodes(answer)].filter(
    (code) => code === 'INTERNAL_SERVER_ERROR' || !knownCodes.has(code),
  );
  if (unknown.length > 0) return `codes ${unknown.join(', ')}: ${JSON.stringify(answer.body.errors)}`;
  // What has the form of a market's id is no secret, and told to whoever mistyped it.
  if (answer.codes.every((code) => code === 'MARKET_NOT_FOUND') && answer.codes.length > 0) return null;
  const told = refusalTexts(answer).join('\n');
  const echo = telltales(json).find((text) => told.includes(text));
  return echo === undefined ? null : `echo: ${told.slice(0, 500)}`;
}

import { createHash, randomBytes } from 'node:crypto';
import { request as httpRequest } from 'node:http';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { text as textOf } from 'node:stream/consumers';
import { ScureBase32Plugin, generateSync } from 'otplib';
import { Client } from 'pg';
import { issueDevelopmentToken } from '../../src/cli/issueDevelopmentToken';
import type { Config } from '../../src/config/config';
import { loadConfig } from '../../src/config/loadConfig';
import { findProjectDir } from '../../src/config/processConfig';
import { superuser } from '../../src/storage/embedded/cluster';
import { readCredentials, runningDatabaseUrl } from '../../src/storage/embedded/credentials';
import { Command } from '../kit/command';
import { copyDatabase } from '../kit/databaseTemplate';
import { eventually } from '../kit/eventually';
import { MailServer } from '../kit/mailServer';
import { describeWith } from '../kit/needs';
import { RedisServer } from '../kit/redisServer';
import { startSimulator, type RunningSimulator } from '../kit/simulator';
import { makeTemporaryDir } from '../kit/temporaryDir';
import { demoCredentials } from '../kit/tradingAccount';
import { filesBelow, findBytes, findTraces, readDatabase, readRedis, type Places, type Planted } from '../kit/traces';

/** Unlike whatever is there by itself, and with what is written otherwise in JSON, in SQL and in an address. */
const mark = (what: string): string => `${what} "ü" o'${randomBytes(6).toString('hex')}`;

/** All of loopback is this machine's: an address that nobody else has. */
const home = '127.0.66.77';
const elsewhere = '127.0.0.1';
const hourMs = 3_600_000;

/** What the person types, and is called. */
const typed = {
  email: `Planted.Person-${randomBytes(4).toString('hex')}@Example.ORG`,
  firstPassword: mark('first'),
  password: mark('second'),
  wrongPassword: mark('wrong'),
  passwordAsAddress: mark('slipped'),
  friend: `friend-${randomBytes(3).toString('hex')}@x.test`,
  browser: `Browser/${randomBytes(6).toString('hex')}`,
  home,
  accountLabel: mark('account'),
  paperLabel: mark('paper'),
  idempotencyKey: mark('once'),
  reason: mark('reason'),
  houseReason: mark('for all'),
  keyLabel: mark('key'),
  allowedIp: '198.51.100.211',
} as const;

/** What docs/PRIVACY.md says is kept of a person who is erased, by where it is. */
const kept = {
  home: ['audit export', 'audit_entries.ip', 'log', 'redis'],
  browser: ['audit export', 'audit_entries.user_agent'],
  reason: ['audit export', 'audit_entries.outcome'],
  houseReason: ['audit export', 'audit_entries.outcome', 'trading_house.reason'],
} as const;

interface Answer<Data> {
  readonly data: Data | null;
  readonly errors?: readonly { readonly message: string; readonly extensions: { readonly code: string } }[];
}
interface Tokens {
  readonly accessToken: string;
  readonly refreshToken: string;
  readonly mfaChallenge: string;
}

describeWith('redis-server', 'what is left of a person who had everything, and erased it', () => {
  const folder = makeTemporaryDir();
  let redis: RedisServer;
  let mails: MailServer;
  let simulator: RunningSimulator;
  let command: Command;
  let config: Config;
  let operator: Client;
  let url: string;
  let metricsUrl: string;
  let environment: Readonly<Record<string, string>>;
  let userId: string;
  let bearer: string;

  beforeAll(async () => {
    [redis, mails, simulator] = await Promise.all([
      RedisServer.start(),
      MailServer.start(),
      startSimulator({ seed: 'traces' }),
      copyDatabase(folder.dir),
    ]);
    environment = {
      DATA_DIR: folder.dir,
      PORT: '0',
      METRICS_PORT: '0',
      LOG_LEVEL: 'trace',
      EXCHANGES: 'simulator',
      EXCHANGE_SIMULATOR_REST_URL: simulator.restUrl,
      EXCHANGE_SIMULATOR_WS_URL: simulator.wsUrl,
      REDIS_URL: redis.url,
      SMTP_URL: `smtp://127.0.0.1:${mails.port}`,
      MAIL_FROM: 'Tickgate <tickgate@example.com>',
      LIVE_NEEDS_APPROVAL: 'true',
    };
    command = new Command('start', [], environment);
    const [, metricsPort = ''] = await command.says(/metrics: http:\/\/127\.0\.0\.1:(\d+)\/metrics/);
    const [, port = ''] = await command.says(/Tickgate is running: http:\/\/localhost:(\d+)\/graphql/);
    url = `http://127.0.0.1:${port}`;
    metricsUrl = `http://127.0.0.1:${metricsPort}/metrics`;
    config = loadConfig({ environment, projectDir: findProjectDir() });
    operator = new Client({ connectionString: runningDatabaseUrl(folder.dir) });
    // The database ends with the server.
    operator.on('error', () => undefined);
    await operator.connect();
  }, 60_000);

  afterAll(async () => {
    await operator.end();
    await command.stop();
    await simulator.stop();
    await mails.stop();
    await redis.stop();
    folder.remove();
  });

  /** From the person's own address, under the name of their browser. */
  async function post<Data>(place: string, body: object, authorization = '', from = home): Promise<Answer<Data>> {
    const sent = httpRequest(`${url}${place}`, {
      method: 'POST',
      localAddress: from,
      agent: false,
      headers: {
        'content-type': 'application/json',
        ...(from === home ? { 'user-agent': typed.browser } : {}),
        ...(authorization === '' ? {} : { authorization }),
      },
    });
    const answered = new Promise<string>((resolve, reject) => {
      sent.once('error', reject);
      sent.once('response', (response) => {
        textOf(response).then(resolve, reject);
      });
    });
    sent.end(JSON.stringify(body));
    return JSON.parse(await answered) as Answer<Data>;
  }

  /** What a document gives; the code of the first error where there is one. */
  async function ask<Data>(
    query: string,
    variables: object = {},
    { place = '/graphql', as = bearer, from = home } = {},
  ): Promise<Data> {
    const { data, errors } = await post<Data>(place, { query, variables }, as, from);
    return errors === undefined && data !== null ? data : (errors?.[0]?.extensions.code as Data);
  }

  const asAdmin = async <Data>(query: string, variables: object = {}): Promise<Data> => {
    const { accessToken } = await issueDevelopmentToken({ config, role: 'ADMIN' });
    return ask<Data>(query, variables, { as: `Bearer ${accessToken}`, from: elsewhere });
  };

  const auth = <Data>(query: string, variables: object = {}, from = home): Promise<Data> =>
    ask<Data>(query, variables, { place: '/auth/graphql', from });

  const login = (email: string, password: string, from = home): Promise<{ login: Tokens } | string> =>
    auth(
      'mutation ($email: String!, $password: String!) { login(email: $email, password: $password) { accessToken refreshToken mfaChallenge } }',
      { email, password },
      from,
    );

  /** Signs in as the person does, however they write their address. */
  async function signIn(password: string): Promise<Tokens> {
    bearer = '';
    const answer = await login(` ${typed.email.toUpperCase()}`, password);
    if (typeof answer === 'string') throw new Error(answer);
    bearer = `Bearer ${answer.login.accessToken}`;
    return answer.login;
  }

  /** What an operator changes about a table by hand, until the work is done: statements on it fail meanwhile. */
  async function broken(breaking: string, mending: string, work: () => Promise<void>): Promise<void> {
    await operator.query(breaking);
    try {
      await work();
    } finally {
      await operator.query(mending);
    }
  }

  const createUser = (): Promise<{ createUser: { id: string } } | string> =>
    asAdmin(
      'mutation ($email: String!, $password: String!) { createUser(email: $email, password: $password, roles: [TRADER, ADMIN]) { id } }',
      { email: typed.email, password: typed.firstPassword },
    );

  const countLogged = (text: string): number => command.stderr.split(text).length - 1;

  const refresh = (refreshToken: string): Promise<Tokens> =>
    post('/auth/session', { refreshToken }) as Promise<unknown> as Promise<Tokens>;

  async function comeIntoBeing(): Promise<void> {
    // What PostgreSQL says of a row that it refuses is all of that row.
    await broken(
      `ALTER TABLE users ADD CONSTRAINT no_more CHECK (email NOT LIKE 'planted%')`,
      'ALTER TABLE users DROP CONSTRAINT no_more',
      async () => {
        expect(await createUser()).toBe('INTERNAL_SERVER_ERROR');
      },
    );
    const created = await createUser();
    if (typeof created === 'string') throw new Error(created);
    userId = created.createUser.id;
    expect(await createUser()).toBe('EMAIL_TAKEN');
  }

  async function signInAndOut(): Promise<Planted> {
    const reset = 'mutation ($email: String!) { requestPasswordReset(email: $email) }';
    expect(await login(typed.email, typed.wrongPassword, elsewhere)).toBe('LOGIN_FAILED');
    expect(await login(typed.passwordAsAddress, 'whatever it is', elsewhere)).toBe('LOGIN_FAILED');
    const first = await signIn(typed.firstPassword);
    const refreshed = await refresh(first.refreshToken);
    const again = await refresh(refreshed.refreshToken);
    // One that was used before ends the session, and is an alarm. Not at once: its first answer may be on its way.
    await operator.query(`UPDATE refresh_tokens SET used_at = used_at - interval '1 minute'`);
    await refresh(first.refreshToken);
    await eventually(() => countLogged('REFRESH_TOKEN_REUSED') === 1);

    bearer = '';
    // Work that fails with nobody to answer to goes to the log alone.
    const failed = countLogged('password reset by mail');
    await broken(
      'ALTER TABLE users RENAME COLUMN email TO gone',
      'ALTER TABLE users RENAME COLUMN gone TO email',
      async () => {
        await auth(reset, { email: typed.email });
        await eventually(() => countLogged('password reset by mail') > failed);
      },
    );
    await auth(reset, { email: typed.email });
    const resetToken = /tgp_[\w-]{43}/.exec((await mails.newest(1)).body)?.[0] ?? '';
    expect(
      await auth('mutation ($token: String!, $next: String!) { resetPassword(token: $token, next: $next) }', {
        token: resetToken,
        next: typed.password,
      }),
    ).toEqual({ resetPassword: true });
    const second = await signIn(typed.password);

    const { enrollMfa } = await auth<{ enrollMfa: { otpauthUri: string } }>('mutation { enrollMfa { otpauthUri } }');
    const totpSecret = new URL(enrollMfa.otpauthUri).searchParams.get('secret') ?? '';
    const { confirmMfa } = await auth<{ confirmMfa: readonly [string, string] }>(
      'mutation ($code: String!) { confirmMfa(code: $code) }',
      { code: generateSync({ secret: totpSecret }) },
    );
    const [stepUpCode, recoveryCode] = confirmMfa;
    const challenged = await login(typed.email, typed.password);
    const { stepUp } = await auth<{ stepUp: Tokens }>(
      'mutation ($code: String!) { stepUp(code: $code) { accessToken } }',
      {
        code: stepUpCode,
      },
    );
    bearer = `Bearer ${stepUp.accessToken}`;
    return {
      accessToken: second.accessToken.split('.')[2] ?? '',
      refreshToken: again.refreshToken,
      secondRefreshToken: second.refreshToken,
      challenge: (challenged as { login: Tokens }).login.mfaChallenge,
      resetToken,
      totpSecret,
      totpBytes: Buffer.from(new ScureBase32Plugin().decode(totpSecret)),
      stepUpCode,
      recoveryCode,
    };
  }

  async function openAccounts(): Promise<{ readonly live: string; readonly keys: Planted; readonly hints: Planted }> {
    const create = (input: object) =>
      ask<{ createAccount: { account: { id: string; keyHint: string } | null; errors: readonly { code: string }[] } }>(
        'mutation ($input: CreateAccountInput!) { createAccount(input: $input) { account { id keyHint } errors { code } } }',
        { input: { exchange: 'simulator', ...input } },
      ).then(({ createAccount }) => createAccount);
    const [trader, withdrawer] = await Promise.all(
      ['trader', 'withdrawer'].map(async (name) => {
        const { apiKey, secret } = await demoCredentials(simulator, name);
        return { apiKey: apiKey.reveal(), secret: secret.reveal() };
      }),
    );
    expect((await create({ label: typed.accountLabel, mode: 'LIVE', ...withdrawer })).errors).toContainEqual(
      expect.objectContaining({ code: 'KEY_CAN_WITHDRAW' }),
    );
    const { account } = await create({ label: typed.accountLabel, mode: 'LIVE', ...trader });
    const { id, keyHint } = account!;
    await create({ label: typed.paperLabel, mode: 'PAPER', paperBalances: [{ currency: 'USDT', amount: '1000' }] });
    expect(
      await asAdmin('mutation ($id: ID!, $keyHint: String!) { approveAccount(id: $id, keyHint: $keyHint) }', {
        id,
        keyHint,
      }),
    ).toEqual({ approveAccount: 'GIVEN' });
    // An address in the place of an id.
    const granted = await ask<{ grantAccess: { errors: unknown } }>(
      'mutation ($id: ID!, $userId: ID!) { grantAccess(account: $id, userId: $userId) { errors { code } } }',
      { id, userId: typed.friend },
    );
    expect(granted.grantAccess.errors).toEqual([{ code: 'ANALYST_NOT_FOUND' }]);
    for (const document of [
      'mutation ($id: ID!) { removeAccount(id: $id) { errors { code } } }',
      'mutation ($id: ID!) { cancelOrder(id: $id) { errors { code } } }',
      'mutation ($id: ID!) { editOrder(id: $id, idempotencyKey: "of nothing", amount: "1") { errors { code } } }',
      'mutation ($id: ID!) { closePosition(id: $id, idempotencyKey: "of nothing") { errors { code } } }',
      'mutation ($id: ID!) { cancelAllOrders(account: $id) { errors { code } } }',
    ])
      await ask(document, { id: typed.friend });
    const made = await ask<{ createApiKey: { secret: string } }>(
      'mutation ($label: String!, $ips: [String!], $end: DateTime!) { createApiKey(label: $label, scopes: [ACCOUNT_READ], allowedIps: $ips, expiresAt: $end) { secret } }',
      { label: typed.keyLabel, ips: [typed.allowedIp, home], end: new Date(Date.now() + hourMs).toISOString() },
    );
    const botSecret = made.createApiKey.secret;
    expect(await ask('{ accounts { label } }', {}, { as: `Bearer ${botSecret}` })).toMatchObject({
      accounts: [{ label: typed.accountLabel }, { label: typed.paperLabel }],
    });
    return {
      live: id,
      keys: {
        exchangeKey: trader!.apiKey,
        exchangeSecret: trader!.secret,
        refusedKey: withdrawer!.apiKey,
        refusedSecret: withdrawer!.secret,
        botSecret,
      },
      // Four characters alone could stand anywhere.
      hints: { keyHint: `"${keyHint}"`, keyHintInWords: `…${keyHint}` },
    };
  }

  async function trade(account: string): Promise<void> {
    const isReady = () =>
      ask<{ account: { reconciliation: { balanced: boolean } | null } }>(
        'query ($account: ID!) { account(id: $account) { reconciliation { balanced } } }',
        { account },
      );
    await eventually(async () => (await isReady()).account.reconciliation?.balanced, { everyMs: 250 });
    const input = { account, market: 'simulator:BTC/USDT', type: 'MARKET', side: 'BUY', amount: '0.01' };
    const { createOrder } = await ask<{ createOrder: unknown }>(
      'mutation ($input: CreateOrderInput!) { createOrder(input: $input) { order { status } errors { code } } }',
      { input: { idempotencyKey: typed.idempotencyKey, ...input } },
    );
    expect(createOrder).toEqual({ order: { status: 'CLOSED' }, errors: [] });
    await ask(
      'mutation ($account: ID!, $reason: String!) { setTradingState(account: $account, state: HALTED, flatten: true, reason: $reason) { state } }',
      { account, reason: typed.reason },
    );
    await eventually(
      async () => (await ask<{ positions: readonly unknown[] }>('{ positions { id } }')).positions.length === 0,
      { everyMs: 250 },
    );
    const stopAll = 'mutation ($reason: String!) { setGlobalTradingState(state: ACTIVE, reason: $reason) }';
    expect(await ask(stopAll, { reason: typed.houseReason })).toEqual({ setGlobalTradingState: 'ACTIVE' });
  }

  function superuserUrl(): string {
    const found = new URL(runningDatabaseUrl(folder.dir));
    found.username = superuser;
    found.password = readCredentials(folder.dir, false).superuserPassword;
    return found.href;
  }

  async function exportAudit(): Promise<string> {
    await eventually(async () => {
      const { rows } = await operator.query(
        'SELECT FROM audit_entries e WHERE NOT EXISTS (SELECT FROM audit_links l WHERE l.entry = e.number)',
      );
      return rows.length === 0;
    });
    const verifying = new Command('auditVerify', ['--export', '-'], environment);
    expect(await verifying.ended).toBe(0);
    return verifying.stdout;
  }

  /** Wherever this server, or what it uses, keeps something. */
  async function allPlaces(): Promise<Places> {
    const files = filesBelow(folder.dir, ['postgres']);
    return {
      ...(await readDatabase(superuserUrl())),
      redis: (await readRedis(redis.url)).map(({ text }) => text),
      log: [command.stdout, command.stderr],
      metrics: [await (await fetch(metricsUrl)).text()],
      'audit export': [await exportAudit()],
      ...Object.fromEntries(files.map((file) => [path.basename(file), [readFileSync(file, 'utf8')]])),
    };
  }

  const sums = async (): Promise<unknown> =>
    (
      await operator.query(
        'SELECT account_id, book, currency, sum(amount)::text, count(*) FROM ledger_entries GROUP BY 1, 2, 3 ORDER BY 1, 2, 3',
      )
    ).rows;

  it('is what docs/PRIVACY.md says, and all of it was found by the same search before', async () => {
    await comeIntoBeing();
    const secrets = await signInAndOut();
    const { live, keys, hints } = await openAccounts();
    await trade(live);
    expect(await ask('mutation { exportMyData }')).toHaveProperty('exportMyData.userId', userId);
    const planted: Planted = { ...typed, ...secrets, ...keys, ...hints };
    const books = await sums();
    // What opens something, and what was typed into the wrong place, is there at no time.
    expect(findTraces(planted, await allPlaces())).toEqual({
      email: ['users.email'],
      home: [...kept.home, 'api_keys.allowed_ips', 'sessions.ip', 'sign_in_addresses.address'].toSorted(),
      browser: [...kept.browser, 'sessions.user_agent'],
      accountLabel: ['accounts.label'],
      paperLabel: ['accounts.label'],
      keyHint: ['accounts.key_hint'],
      idempotencyKey: ['idempotency_keys.key'],
      reason: ['account_events.payload', 'accounts.trading_state_reason', ...kept.reason],
      houseReason: kept.houseReason,
      keyLabel: ['api_keys.label'],
      allowedIp: ['api_keys.allowed_ips'],
    });

    expect(
      await ask('mutation ($password: String!) { eraseMyAccount(password: $password) }', { password: typed.password }),
    ).toEqual({ eraseMyAccount: true });
    bearer = '';
    expect(await login(typed.email, typed.password)).toBe('LOGIN_FAILED');
    expect(findTraces(planted, await allPlaces())).toEqual(kept);
    expect(await sums()).toEqual(books);
    expect(await asAdmin('{ verifyAuditLog { ok } }')).toEqual({ verifyAuditLog: { ok: true } });

    // Who tried to sign in is told by a hash, and for an hour.
    const counted = await readRedis(redis.url);
    const account = createHash('sha256').update(typed.email.toLowerCase()).digest('base64url');
    expect(counted.filter(({ text }) => text.includes(account)).length).toBeGreaterThan(0);
    expect(counted.filter(({ ttlMs }) => ttlMs <= 0 || ttlMs > hourMs)).toEqual([]);

    // What the database wrote over, or has not cleared away yet, holds nothing that opens anything either.
    await command.stop();
    const { firstPassword, password, wrongPassword, passwordAsAddress } = typed;
    const opening = { ...secrets, ...keys, firstPassword, password, wrongPassword, passwordAsAddress };
    const files = filesBelow(folder.dir);
    expect(findBytes(opening, files)).toEqual([]);
    expect(findBytes({ email: typed.email.toLowerCase() }, files)).not.toEqual([]);
  }, 120_000);
});

it('is searched for in every writing', () => {
  // Its end is written with other characters in addresses, wherever it begins.
  const text = 'Née "Grace" O\'Hara ~~?>~~?>';
  const [hex, base64, url] = (['hex', 'base64', 'base64url'] as const).map((coding) =>
    Buffer.from(text).toString(coding),
  );
  const written = {
    plain: `a${text}b`,
    small: text.toLowerCase(),
    hex: `\\x00${hex}ff`,
    base64: base64!,
    url: url!,
    ...Object.fromEntries(
      ['x', 'xx', 'xxx'].map((before) => [before, Buffer.from(`${before}${text}y`).toString('base64')]),
    ),
    json: JSON.stringify({ text }),
    nested: JSON.stringify({ text: JSON.stringify({ text }) }),
    ascii: JSON.stringify(text).replace('é', String.raw`\u00E9`),
    uri: encodeURIComponent(text),
    sql: `'${text.replace("'", "''")}'`,
  };
  const places = Object.fromEntries(Object.entries(written).map(([name, one]) => [name, [one]]));
  expect(findTraces({ text }, { ...places, other: ['Nee Grace OHara ~~?>~~?>'] })).toEqual({
    text: Object.keys(places).toSorted(),
  });
  expect(findTraces({ bytes: Buffer.from(text) }, { raw: [Buffer.from(text).toString('latin1')] })).toEqual({
    bytes: ['raw'],
  });
});

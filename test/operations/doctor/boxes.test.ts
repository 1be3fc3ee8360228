import { readFileSync } from 'node:fs';
import path from 'node:path';
import { boxes } from '../../../src/operations/doctor/boxes';
import { CalendarError } from '../../../src/operations/calendarError';
import { Doctor } from '../../../src/operations/doctor/doctor';
import { FactUnseen } from '../../../src/operations/doctor/factUnseen';
import type { Answer } from '../../../src/operations/doctor/answer';
import type { OutsideView, SeenLimit } from '../../../src/operations/doctor/outsideView';
import type { PlainText } from '../../../src/operations/doctor/plainText';
import type { SecurityFacts } from '../../../src/operations/doctor/securityFacts';
import { findProjectDir } from '../../../src/config/processConfig';
import { judgeCalendar, parseCalendar } from '../../../src/operations/securityCalendar';

const entries = parseCalendar(readFileSync(path.join(findProjectDir(), 'security/calendar.yml'), 'utf8'));
const today = '2027-01-31';

function recordsWith(done: 'never' | { readonly on: string; readonly report: string }): SecurityFacts['records'] {
  return (line) =>
    judgeCalendar(
      entries.filter(({ lines }) => lines.includes(line)).map((entry) => ({ ...entry, done })),
      { today, hasReport: () => true },
    );
}

const goodHeaders = {
  'strict-transport-security': ['max-age=63072000'],
  'content-security-policy': ["default-src 'none'; frame-ancestors 'none'"],
  'x-frame-options': ['DENY'],
  'x-content-type-options': ['nosniff'],
};
const refusal = {
  status: 429,
  headers: { ...goodHeaders, 'retry-after': ['1'] },
  text: '{"errors":[{"message":"Wait.","extensions":{"code":"RATE_LIMITED"}}]}',
};

const plainRefusal = {
  status: 403,
  headers: {},
  text: '{"errors":[{"message":"Send this over https.","extensions":{"code":"HTTPS_REQUIRED"}}]}',
};

function answered(answer: Answer): PlainText {
  return { answer, failure: null };
}

const nobodyThere: PlainText = { answer: null, failure: null };
const unseen: PlainText = { answer: null, failure: 'connect EHOSTUNREACH 203.0.113.3:80' };

const refused = { what: 'TLS 1.0', isTaken: false, failure: null };

const goodView: OutsideView = {
  url: 'https://api.example.com',
  failure: null,
  protocol: 'TLSv1.3',
  certificateProblem: null,
  certificateEnds: new Date(Date.now() + 60 * 86_400_000),
  certificateLeft: 0.66,
  badHandshakes: [refused],
  headers: goodHeaders,
  plainAnswer: answered(plainRefusal),
  plainPage: answered(plainRefusal),
  limit: { asked: 22, refusal, failure: null },
};

/** A server as it should be. */
const good: SecurityFacts = {
  mode: 'production',
  machine: 'the one',
  userId: 10_001,
  secretAges: () => [{ name: 'AUDIT_KEY', ageDays: 400, isOverdue: false }],
  secrets: () => [
    { name: 'AUDIT_KEY', place: 'file', fileMode: 0o400 },
    { name: 'DATABASE_URL', place: 'file', fileMode: 0o640 },
  ],
  corsOrigins: ['https://app.example.com'],
  letsIn: (origin) => origin === 'https://app.example.com',
  headers: Object.fromEntries(Object.entries(goodHeaders).map(([name, [value]]) => [name, value ?? ''])),
  openFields: ['Query.serverTime', 'auth/Mutation.login'],
  signingKey: () => Promise.resolve({ kid: 'k', algorithm: 'RS256', bits: 3_072, ageDays: 12, maxAgeDays: 30 }),
  tryLimit: () => Promise.resolve({ asked: 20, max: 5, passed: 5 }),
  database: () => Promise.resolve({ isEncrypted: true, isLocal: false }),
  outside: () => Promise.resolve(goodView),
  records: recordsWith({ on: '2027-01-30', report: 'security/reports/of-the-test.md' }),
};

async function openBoxes(change: Partial<SecurityFacts>): Promise<readonly string[]> {
  const { checks } = await new Doctor({ ...good, ...change }).report();
  return checks.filter(({ passed }) => !passed).map(({ name }) => name);
}

async function evidenceOf(name: string, change: Partial<SecurityFacts> = {}): Promise<string | undefined> {
  const { checks } = await new Doctor({ ...good, ...change }).report();
  return checks.find((check) => check.name === name)?.evidence;
}

const forbidden = { ...plainRefusal, text: plainRefusal.text.replace('HTTPS_REQUIRED', 'FORBIDDEN') };

/** What no server can show yet, or ever. */
const alwaysOpen = ['firewall', 'monitoring', 'alerts', 'backups', 'firewallRules'];

it('looks at every box of both checklists, each once, by the name of its line', () => {
  const lines = (letter: string, from: number, to: number): string[] =>
    Array.from({ length: to - from + 1 }, (_, index) => `${letter}${from + index}`);
  expect(boxes.map(({ line }) => line)).toEqual([
    ...lines('A', 100, 109),
    ...lines('B', 70, 77),
    ...lines('B', 80, 86),
  ]);
  expect(new Set(boxes.map(({ name }) => name)).size).toBe(boxes.length);
});

it('passes a server that is as it should be, but for what is not built and what no server can see', async () => {
  expect(await openBoxes({})).toEqual(alwaysOpen);
  expect(await evidenceOf('backups')).toMatch(/^not built in this version: backups .+; until then .+\.md\)$/);
  expect(await evidenceOf('firewall')).toContain('`npm run doctor` there, as root');
});

it.each(['SECURITY.md', 'docs/DEPLOYMENT.md', 'src/cli/doctor.ts'])(
  '%s names each box that cannot pass',
  async (file) => {
    const { checks } = await new Doctor(good).report();
    const notBuilt = checks.filter(({ evidence }) => evidence.startsWith('not built in this version: '));
    expect(notBuilt.map(({ title }) => title.split(':')[0])).toEqual(['A109', 'B73', 'B74']);
    const text = readFileSync(path.join(findProjectDir(), file), 'utf8');
    const sentence = text.split(/\.\s/).find((one) => one.includes('cannot pass in this version'));
    for (const line of ['A109', 'B73', 'B74']) expect(sentence).toContain(line);
  },
);

const key = { kid: 'k', algorithm: 'RS256', bits: 3_072, ageDays: 12, maxAgeDays: 30 };
const view = (change: Partial<OutsideView>): Partial<SecurityFacts> => ({
  outside: () => Promise.resolve({ ...goodView, ...change }),
});

const limited = (seen: SeenLimit['refusal'], failure: string | null = null): Partial<SecurityFacts> =>
  view({ limit: { asked: 80, refusal: seen, failure } });

it.each<readonly [string, readonly string[], Partial<SecurityFacts>]>([
  ['a server for development', ['secretsManaged'], { mode: 'development' }],
  [
    'a secret in the environment',
    ['secretsManaged'],
    { secrets: () => [{ name: 'AUDIT_KEY', place: 'environment', fileMode: null }] },
  ],
  ...(
    [
      ['others read', 0o644],
      ['others write', 0o642],
      ['others run', 0o641],
      ['its group writes', 0o660],
    ] as const
  ).map(([who, fileMode]): readonly [string, readonly string[], Partial<SecurityFacts>] => [
    `a secret that ${who}`,
    ['secretsManaged'],
    { secrets: () => [{ name: 'AUDIT_KEY', place: 'file', fileMode }] },
  ]),
  [
    'secrets whose files are gone',
    ['secretsManaged', 'secretsOutOfSources'],
    {
      secrets: () => {
        throw new Error('ENOENT');
      },
    },
  ],
  ['no secret at all', ['secretsOutOfSources'], { secrets: () => [] }],
  [
    'a secret that nobody has changed for too long',
    ['secretsManaged'],
    { secretAges: () => [{ name: 'DATABASE_URL', ageDays: 400, isOverdue: true }] },
  ],
  [
    'a secret of which nobody knows how old it is',
    ['secretsManaged'],
    { secretAges: () => [{ name: 'SMTP_URL', ageDays: null, isOverdue: null }] },
  ],
  [
    'nobody saying where it is',
    ['tls', 'securityHeaders', 'certificate', 'rateLimitingAtTheEdge'],
    { outside: () => Promise.resolve(null) },
  ],
  [
    'no answer from outside',
    ['tls', 'securityHeaders', 'certificate', 'rateLimitingAtTheEdge'],
    view({ failure: 'ECONNREFUSED' }),
  ],
  ['TLS 1.0', ['tls'], view({ badHandshakes: [{ ...refused, isTaken: true }] })],
  ['a handshake that nobody answered', ['tls'], view({ badHandshakes: [refused, { ...refused, failure: 'gone' }] })],
  ['an API in plain text', ['tls'], view({ plainAnswer: answered({ ...plainRefusal, status: 200 }) })],
  ['an API that sends plain text on', ['tls'], view({ plainAnswer: answered({ ...plainRefusal, status: 301 }) })],
  ['an API in plain text that refuses what it was asked', ['tls'], view({ plainAnswer: answered(forbidden) })],
  [
    'an API in plain text that answers beside its refusal',
    ['tls'],
    view({
      plainAnswer: answered({ ...plainRefusal, text: plainRefusal.text.replace('{', '{"data":{"a":1},') }),
    }),
  ],
  ['a page in plain text', ['tls'], view({ plainPage: answered({ ...plainRefusal, status: 200 }) })],
  [
    'plain text that nobody has seen, for a limit',
    ['tls'],
    view({ plainAnswer: answered({ ...plainRefusal, status: 429 }) }),
  ],
  [
    'a page in plain text that nobody has seen, for a limit',
    ['tls'],
    view({ plainPage: answered({ ...plainRefusal, status: 429 }) }),
  ],
  [
    'a page in plain text whose server is away',
    ['tls'],
    view({ plainPage: answered({ ...plainRefusal, status: 502 }) }),
  ],
  ['plain text that could not be asked', ['tls'], view({ plainAnswer: unseen, plainPage: unseen })],
  ['an API in plain text that could not be asked', ['tls'], view({ plainAnswer: unseen })],
  ['a page in plain text that could not be asked', ['tls'], view({ plainPage: unseen })],
  ['no limit at the edge', ['securityHeaders', 'rateLimitingAtTheEdge'], limited(null)],
  [
    'a limit at the edge that cuts connections',
    ['securityHeaders', 'rateLimitingAtTheEdge'],
    limited(null, 'ECONNRESET'),
  ],
  ['a limit at the edge that says something else', ['rateLimitingAtTheEdge'], limited({ ...refusal, status: 503 })],
  ['a limit at the edge without a code', ['rateLimitingAtTheEdge'], limited({ ...refusal, text: '<html>' })],
  ['another code', ['rateLimitingAtTheEdge'], limited({ ...refusal, text: refusal.text.replace('RATE', 'SLOW') })],
  ['a limit that says not how long', ['rateLimitingAtTheEdge'], limited({ ...refusal, headers: goodHeaders })],
  [
    'a limit that says it twice',
    ['rateLimitingAtTheEdge'],
    limited({ ...refusal, headers: { ...goodHeaders, 'retry-after': ['1', '2'] } }),
  ],
  [
    'a refusal without a header of every answer',
    ['securityHeaders'],
    limited({ ...refusal, headers: { ...refusal.headers, 'x-frame-options': [] } }),
  ],
  ['no HSTS', ['tls', 'securityHeaders'], view({ headers: { ...goodHeaders, 'strict-transport-security': [] } })],
  [
    'HSTS for 200 days',
    ['tls'],
    view({ headers: { ...goodHeaders, 'strict-transport-security': ['max-age=17280000'] } }),
  ],
  [
    'HSTS for a day',
    ['tls', 'securityHeaders'],
    view({ headers: { ...goodView.headers, 'strict-transport-security': ['max-age=86400'] } }),
  ],
  [
    'a header twice',
    ['securityHeaders'],
    view({ headers: { ...goodView.headers, 'x-frame-options': ['DENY', 'DENY'] } }),
  ],
  ['a certificate of nobody', ['certificate'], view({ certificateProblem: 'DEPTH_ZERO_SELF_SIGNED_CERT' })],
  ['a certificate that nobody renews', ['certificate'], view({ certificateLeft: 0.33 })],
  [
    'a limit that lets one more pass',
    ['rateLimiting'],
    { tryLimit: () => Promise.resolve({ asked: 20, max: 5, passed: 6 }) },
  ],
  ['a limit that fails', ['rateLimiting'], { tryLimit: () => Promise.reject(new Error('gone')) }],
  ['pages of everybody', ['cors'], { letsIn: () => true }],
  ['pages whose name only begins well', ['cors'], { letsIn: (origin) => origin.startsWith('https://app.example.com') }],
  ['pages in plain text', ['cors'], { corsOrigins: ['http://app.example.com'] }],
  ['no key', ['signingKey'], { signingKey: () => Promise.resolve(null) }],
  ['a key of 2,048 bits', ['signingKey'], { signingKey: () => Promise.resolve({ ...key, bits: 2_048 }) }],
  ['a key that all share', ['signingKey'], { signingKey: () => Promise.resolve({ ...key, algorithm: 'HS256' }) }],
  ['a key that nobody rotates', ['signingKey'], { signingKey: () => Promise.resolve({ ...key, ageDays: 34 }) }],
  ['root', ['nonRoot'], { userId: 0 }],
  ['nobody knowing whom it runs as', ['nonRoot'], { userId: null }],
  [
    'a database in plain text',
    ['databaseEncryption'],
    { database: () => Promise.resolve({ isEncrypted: false, isLocal: false }) },
  ],
  ['a database that is gone', ['databaseEncryption'], { database: () => Promise.reject(new Error('gone')) }],
  ['prices for everybody', ['authentication'], { openFields: [...good.openFields, 'Query.markets'] }],
])('does not pass %s', async (_name, open, change) => {
  expect((await openBoxes(change)).filter((name) => !alwaysOpen.includes(name))).toEqual(open);
});

it.each<readonly [string, Partial<SecurityFacts>]>([
  ['a database on the same machine', { database: () => Promise.resolve({ isEncrypted: false, isLocal: true }) }],
  ['a key that is replaced by hand', { signingKey: () => Promise.resolve({ ...key, ageDays: 400, maxAgeDays: 0 }) }],
  ['P-256', { signingKey: () => Promise.resolve({ ...key, algorithm: 'ES256', bits: 256 }) }],
  ['a secret of a manager', { secrets: () => [{ name: 'AUDIT_KEY', place: 'vault', fileMode: null }] }],
  ['no answer in plain text at all', view({ plainAnswer: nobodyThere, plainPage: nobodyThere })],
  ['a browser that is led to TLS', view({ plainPage: answered({ ...plainRefusal, status: 301 }) })],
])('passes %s', async (_name, change) => {
  expect(await openBoxes(change)).toEqual(alwaysOpen);
});

it.each<readonly [string, readonly string[]]>([
  ['strict-transport-security', ['max-age=0', 'includeSubDomains', 'max-age=15551999']],
  [
    'content-security-policy',
    [
      'default-src *',
      'frame-ancestors *',
      "script-src 'self' 'unsafe-inline'",
      "default-src 'none'; SCRIPT-SRC https:",
      "script-src https://*; script-src 'none'",
      "default-src 'none'; script-src-elem *:443",
      "default-src 'none'; script-src-attr 'unsafe-hashes'",
    ],
  ],
  ['x-frame-options', ['ALLOWALL']],
  ['x-content-type-options', ['sniff']],
])('does not pass %s, once in an answer or a refusal, that says %j', async (name, values) => {
  for (const value of values) {
    const headers = { ...goodHeaders, [name]: [value] };
    for (const change of [view({ headers }), limited({ ...refusal, headers: { ...refusal.headers, ...headers } })]) {
      expect(await evidenceOf('securityHeaders', change)).toContain(`of https://api.example.com is "${value}": `);
      expect(await openBoxes(change)).toContain('securityHeaders');
    }
  }
});

it.each(["script-src 'self' https://app.example.com", "default-src 'self' https://*.example.com"])(
  'passes a policy for scripts of places that it names: %s',
  async (policy) => {
    expect(await openBoxes(view({ headers: { ...goodHeaders, 'content-security-policy': [policy] } }))).toEqual(
      alwaysOpen,
    );
  },
);

it('goes by what people wrote down, and passes nothing that they did not do', async () => {
  const byPeople = [
    'dependencies',
    'databaseEncryption',
    'securityScan',
    'penetrationTest',
    'accessLogs',
    'baselines',
    'incidentDrill',
    'training',
    'compliance',
  ];
  const never = await openBoxes({ records: recordsWith('never') });
  expect(never.filter((name) => !alwaysOpen.includes(name))).toEqual(byPeople);
  expect(await evidenceOf('training', { records: recordsWith('never') })).toMatch(/^[^:]+: Never done\. To do: /);
  const late = recordsWith({ on: '2020-01-01', report: 'security/reports/of-the-test.md' });
  expect(await openBoxes({ records: late })).toEqual(never);
  expect(await openBoxes({ records: () => [] })).toEqual(never);
  const unreadable = (): never => {
    throw new CalendarError('security/calendar.yml cannot be read: nobody knows what was done.');
  };
  expect(await openBoxes({ records: unreadable })).toEqual(never);
});

it.each<readonly [string, string, Partial<SecurityFacts>, RegExp]>([
  [
    'records',
    'compliance',
    {
      records: () => {
        throw new CalendarError('security/calendar.yml is no YAML.');
      },
    },
    /^unknown: security\/calendar\.yml is no YAML\. Put it right where .+ \(npm run sec:calendar .+ look again$/,
  ],
  [
    'files',
    'secretsManaged',
    {
      secrets: () => {
        throw new FactUnseen('the file is gone: put it back');
      },
    },
    /^unknown: the file is gone: put it back$/,
  ],
  [
    'a limit',
    'rateLimiting',
    { tryLimit: () => Promise.reject(new Error('gone')) },
    /^unknown: gone; see what GET \/health on METRICS_PORT and the log say, mend it, and look again$/,
  ],
  [
    'plain text',
    'tls',
    view({ plainPage: unseen }),
    /^nobody could see .+EHOSTUNREACH .+: let this server reach .+ again$/,
  ],
  [
    'plain text, for a limit',
    'tls',
    view({ plainAnswer: answered({ ...plainRefusal, status: 429 }) }),
    /^plain text was answered with 429, which tells nothing: look again in a minute$/,
  ],
  [
    'the outside',
    'tls',
    view({ failure: 'ECONNREFUSED' }),
    /: ECONNREFUSED; let this server reach .+, and look again$/,
  ],
  ['refusals', 'securityHeaders', limited(null), /^nobody saw a refusal of .+: have the edge refuse first \(B72\)$/],
])('says what to do next where nobody could see %s', async (_name, box, change, sentence) => {
  expect(await evidenceOf(box, change)).toMatch(sentence);
});

it('tells of plain text that is answered before what nobody could see', async () => {
  const change = view({ plainAnswer: unseen, plainPage: answered({ ...plainRefusal, status: 200 }) });
  expect(await evidenceOf('tls', change)).toMatch(/^answers GET \/livez in plain text with 200: /);
});

it('looks from outside once for all boxes', async () => {
  const outside = jest.fn(good.outside);
  await new Doctor({ ...good, outside }).report();
  expect(outside).toHaveBeenCalledTimes(1);
});

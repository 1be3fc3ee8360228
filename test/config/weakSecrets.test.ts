import { randomBytes } from 'node:crypto';
import { passwordProblem } from '../../src/config/passwordStrength';
import { ProjectFolder, production } from './projectFolder';

const project = new ProjectFolder();
const strong = randomBytes(16).toString('hex');

const urls = {
  DATABASE_URL: (password: string) => `postgres://app:${password}@db.internal/tickgate?sslmode=verify-full`,
  MIGRATION_DATABASE_URL: (password: string) => `postgres://owner:${password}@db.internal/tickgate?sslmode=verify-full`,
  REDIS_URL: (password: string) => `rediss://:${password}@redis.internal`,
} as const;

describe.each(Object.entries(urls))('%s in production', (name, urlWith) => {
  it.each([
    ['changeme', 'is a placeholder'],
    ['secret', 'is a placeholder'],
    ['Password', 'is a placeholder'],
    ['P4-change-me-please-1234567890-abcdef', 'is a placeholder'],
    ['%3Cyour-password%3E', 'is a placeholder'],
    ['%24%7BPASSWORD%7D', 'is a placeholder'],
    ['a'.repeat(64), 'repeats itself'],
    ['x9Q-'.repeat(12), 'repeats itself'],
    ['correct-horse-bat', 'has less than 128 bits'],
    [strong.slice(1), 'has less than 128 bits'],
  ])('refuses the password %s', (password, why) => {
    const problems = project.problemsOf({ ...production, [name]: urlWith(password) });
    expect(problems).toEqual([
      expect.stringMatching(new RegExp(`^${name} \\(from the environment\\): its password ${why}`)),
    ]);
    expect(problems.join()).not.toContain(`:${password}`);
  });

  it('takes one of 128 random bits, and none where other ways prove who one is', () => {
    expect(project.problemsOf({ ...production, [name]: urlWith(strong) })).toEqual([]);
    expect(project.problemsOf({ ...production, [name]: urlWith('').replace(/:@/, '@') })).toEqual([]);
  });
});

it.each([
  ['DATABASE_URL', 'postgres://app@db.internal/t?sslmode=verify-full&password=changeme'],
  ['DATABASE_URL', 'postgres://app@db.internal/t?sslmode=verify-full&p%61ssword=changeme'],
  ['DATABASE_URL', `postgres://app:${strong}@db.internal/t?sslmode=verify-full&user=postgres`],
  ['MIGRATION_DATABASE_URL', `postgres://app:${strong}@db.internal/t?sslmode=verify-full&password=changeme`],
  [
    'DATABASE_URL',
    'postgres://app@db.internal/t?sslmode=verify-full&connectionString=postgres%3A%2F%2Fapp%3Achangeme%40db.internal',
  ],
  ['DATABASE_URL', 'postgres://app:100%@db.internal/t?sslmode=verify-full'],
  ['REDIS_URL', 'rediss://redis.internal?password=changeme'],
  ['REDIS_URL', `rediss://:${strong}@redis.internal?tls=`],
  ['REDIS_URL', `rediss://:${strong}@redis.internal#?tls=`],
  ['REDIS_URL', 'rediss://:100%@redis.internal'],
])('refuses in %s what its driver takes from where nobody judges it: %s', (name, url) => {
  for (const mode of [{}, production]) {
    const problems = project.problemsOf({ ...mode, [name]: url });
    expect(problems).toEqual([expect.stringMatching(`^${name} \\(from the environment\\): it must be a URL`)]);
    expect(problems.join()).not.toMatch(/changeme|100%/);
  }
});

it('takes what else pg reads from a query, and the number of a database of Redis', () => {
  const more = `postgres://app:${strong}@db.internal/t?sslmode=verify-full&application_name=a&sslrootcert=/ca.pem`;
  expect(
    project.problemsOf({ ...production, DATABASE_URL: more, REDIS_URL: `rediss://:${strong}@redis.internal/2` }),
  ).toEqual([]);
});

it('lets development have the password of an example', () => {
  expect(project.problemsOf({ DATABASE_URL: urls.DATABASE_URL('postgres') })).toEqual([]);
});

it('takes what a mail server has given, but for placeholders', () => {
  const mail = (password: string): readonly string[] =>
    project.problemsOf({ ...production, SMTP_URL: `smtps://a:${password}@mail.test`, MAIL_FROM: 'a@b.test' });
  expect(mail('abcdefghijklmnop')).toEqual([]);
  expect(mail('changeme')).toEqual([expect.stringContaining('is a placeholder')]);
});

it.each(['CREDENTIAL_KEYS', 'PASSWORD_PEPPERS', 'AUDIT_KEY'])('refuses placeholders as %s everywhere', (name) => {
  const keyed = (key: string): string => (name === 'AUDIT_KEY' ? key : `k1:${key}`);
  for (const key of ['changeme', 'secret', Buffer.alloc(32).toString('base64'), `${'A'.repeat(43)}=`])
    for (const environment of [{}, production])
      expect(project.problemsOf({ ...environment, [name]: keyed(key) })).toEqual([
        expect.stringMatching(new RegExp(`^${name} `)),
      ]);
});

it('never takes what a generator makes for a placeholder', () => {
  for (let count = 0; count < 20_000; count += 1)
    expect(passwordProblem(randomBytes(24).toString('base64url'), 128)).toBeNull();
});

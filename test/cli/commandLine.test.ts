import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fromSource } from '../kit/fromSource';
import { NodeProcess } from '../kit/nodeProcess';
import { makeTemporaryDir } from '../kit/temporaryDir';
import type { Called } from './fixtures/callEach';

const { scripts } = JSON.parse(readFileSync(path.resolve('package.json'), 'utf8')) as {
  readonly scripts: Readonly<Record<string, string>>;
};
/** What `npm run` calls each command, by its file. The simulator is a program of its own; .env.template is made by the build. */
const commands = new Map(
  Object.entries(scripts).flatMap(([script, line]) => {
    const name = /^node scripts\/run\.mjs (\w+)$/.exec(line)?.[1];
    return name === undefined || ['simulator', 'envTemplate'].includes(name) ? [] : [[name, script] as const];
  }),
);

/** In one process, because each costs a second to start. */
async function callEach(
  calls: readonly (readonly string[])[],
  settings: Readonly<Record<string, string>> = {},
): Promise<readonly Called[]> {
  const program = [...fromSource(), 'test/cli/fixtures/callEach.ts', JSON.stringify(calls)];
  const called = new NodeProcess(program, { ...process.env, ...settings });
  expect([await called.ended, called.stderr]).toEqual([0, '']);
  return JSON.parse(called.stdout) as readonly Called[];
}

const names = [...commands.keys()];
const withEach = (argument: string) => callEach(names.map((name) => [name, argument]));

it('--help tells of every command how it is called, and does nothing', async () => {
  expect(names.length).toBeGreaterThan(12);
  for (const [index, { stdout, stderr, status }] of (await withEach('--help')).entries()) {
    const name = names[index]!;
    expect([name, status, stderr]).toEqual([name, 0, '']);
    expect(stdout).toContain(`npm run ${commands.get(name)!}`);
    expect(stdout.endsWith('\n')).toBe(true);
  }
});

it('an option that a command does not have ends it with 64: it names the option, and tells how it is called', async () => {
  const usages = await withEach('--help');
  for (const [index, { stdout, stderr, status }] of (await withEach('--no-such-option')).entries()) {
    expect([names[index], status, stdout]).toEqual([names[index], 64, '']);
    const [sentence = '', ...usage] = stderr.split('\n\n');
    expect(sentence).toContain("Unknown option '--no-such-option'");
    expect(usage.join('\n\n')).toBe(usages[index]?.stdout);
  }
});

it('what the commands of an incident cannot do ends them with 64: they say what is wrong, and how they are called', async () => {
  const wrong: readonly (readonly [readonly string[], RegExp])[] = [
    [['irLockdown', '--level', 'nearly'], /--level no-trading\|readonly\|full/],
    // The word of a service that is not locked.
    [['irLockdown', '--level', 'none'], /--level no-trading\|readonly\|full/],
    [['irLockdown', '--level'], /'--level <value>' argument missing/],
    [['irLockdown', '--level', 'full', '--lift'], /not both/],
    [['irLockdown', '--lift=yes'], /'--lift' does not take an argument/],
    [['irLockdown', '--lift', '--reason', 'x'.repeat(501)], /at most 500 characters/],
    [['irLockdown', '--lift', '--reason', ' '], /^Say why on one line/],
    [['irLockdown', '--lift', '--reason', 'one\ntwo'], /^Say why on one line/],
    [['irLockdown', '--reason', 'odd orders'], /^Nothing was locked: say how far/],
    [['irLockdown', '--yes'], /^Nothing was locked: say how far/],
    [['irLockdown', 'full'], /Unexpected argument 'full'/],
    [['irRevoke'], /--user E, or --all/],
    [['irRevoke', '--yes'], /--user E, or --all/],
    [['irRevoke', '--user'], /'--user <value>' argument missing/],
    [['irRevoke', '--all', '--user', 'ada@example.org'], /--user E, or --all/],
    [['irRevoke', 'ada@example.org'], /Unexpected argument 'ada@example.org'/],
    [['irRotateAll', '--everything'], /everything/],
    [['irRotateAll', 'yes'], /Unexpected argument 'yes'/],
    [['irScope'], /--since 24h/],
    [['irScope', '24h'], /Unexpected argument '24h'/],
    [['irScope', '--since'], /'--since <value>' argument missing/],
    [['irScope', '--since', 'yesterday'], /"yesterday" is no time/],
    [['irScope', '--since', '24x'], /"24x" is no time/],
    [['irScope', '--since', '2026-13-45'], /"2026-13-45" is no time/],
    [['irScope', '--since', '2026-02-30'], /"2026-02-30" is no time/],
    [['irScope', '--since', '2h', '--until', 'soon'], /"soon" is no time/],
    [['irScope', '--since', '1h', '--until', '2h'], /before --until/],
    [['irScope', '--since', '2999-01-01'], /before now/],
    [['irScope', '--since', '2999-01-01', '--until', '2999-01-02'], /before now/],
    [['irScope', '--since', '1h', '--ip', '300.1.1.1'], /"300.1.1.1" is no address/],
    [['irScope', '--since', '1h', '--first', '10001'], /from 0 to 10000/],
    [['irScope', '--since', '1h', '--first', 'all'], /"all" is no number from 0 to 10000/],
    [['irScope', '--since', '1h', '--after', '-1'], /argument is ambiguous/],
    [['irScope', '--since', '1h', '--after', '9999999999999999'], /is no number from 0 to 9007199254740991/],
    [['irScope', '--since', '1h', '--json', '--markdown'], /not both/],
    [['irNotify', '--template', 'notice.txt'], /--user E, or --all/],
    [['irNotify', '--all', '--user', 'ada@example.org', '--template', 'notice.txt'], /--user E, or --all/],
    [['irNotify', '--all'], /--template FILE/],
    [['irNotify', '--all', '--template'], /'--template <value>' argument missing/],
    [['irNotify', '--all', 'notice.txt'], /Unexpected argument 'notice.txt'/],
  ];
  const called = await callEach(wrong.map(([call]) => call));
  const told = called.map(({ stdout, stderr, status }, index): readonly unknown[] => {
    const [sentence, ...usage] = stderr.split('\n\n');
    return [wrong[index]?.[0].join(' '), status, stdout, sentence, usage.join('\n\n')];
  });
  expect(told).toEqual(
    wrong.map(([call, sentence]): readonly unknown[] => [
      call.join(' '),
      64,
      '',
      expect.stringMatching(sentence),
      expect.stringContaining(`npm run ${commands.get(call[0]!)!}`),
    ]),
  );
});

it('npm run nginx is called in the same way, and what it cannot do ends it with 64', async () => {
  const nginx = '../../scripts/nginx';
  const wrong: readonly (readonly [readonly string[], RegExp])[] = [
    [['--no-such-option'], /^Unknown option '--no-such-option'/],
    [['8443'], /^Unexpected argument '8443'/],
    [['--https-port', 'many'], /^--https-port "many" is no port/],
    [['--https-port', '65536'], /^--https-port "65536" is no port/],
    [['--http-port', '0'], /^--http-port "0" is no port/],
    [['--https-port', '8080'], /have to differ/],
    [['--node', '4000'], /^--node "4000" is no host and port/],
    [['--node', '127.0.0.1:4000; include /etc/passwd'], /is no host and port/],
  ];
  const [help, ...called] = await callEach([[nginx, '--help'], ...wrong.map(([args]) => [nginx, ...args])]);
  expect([help?.status, help?.stdout, help?.stderr]).toEqual([0, expect.stringContaining('npm run nginx'), '']);
  expect(called.map(({ status, stdout, stderr }) => [status, stdout, stderr])).toEqual(
    wrong.map(([, sentence]): readonly unknown[] => [64, '', expect.stringMatching(sentence)]),
  );
  for (const { stderr } of called) expect(stderr.split('\n\n').slice(1).join('\n\n')).toBe(help?.stdout);
});

it('ir:notify ends with 66 where its template is none, and says what one is like', async () => {
  const place = makeTemporaryDir();
  const file = (name: string, content: string | Buffer): string => {
    writeFileSync(path.join(place.dir, name), content);
    return path.join(place.dir, name);
  };
  const templates = [
    path.join(place.dir, 'nowhere.txt'),
    file('latin1.txt', Buffer.from('Subject: Was geschah\n\nNichts f\xfcr Sie.\n', 'latin1')),
    file('letter.txt', 'Dear customer,\n\nsomething happened.\n'),
    file('unfinished.txt', 'Subject: What happened\n\nOn {{day}} something did.\n'),
  ];
  const called = await callEach(templates.map((template) => ['irNotify', '--all', '--template', template]));
  place.remove();
  expect(called.map(({ stdout, stderr, status }) => [status, stdout, stderr])).toEqual(
    [/cannot be read as text/, /cannot be read as text/, /^The template is to begin with/, /not filled in yet/].map(
      (sentence): readonly unknown[] => [66, '', expect.stringMatching(sentence)],
    ),
  );
});

it('whatever reads the settings of production refuses to take any certificate for good', async () => {
  const place = makeTemporaryDir();
  const template = path.join(place.dir, 'notice.txt');
  writeFileSync(template, 'Subject: What happened\n\nSomething did.\n');
  const calls: readonly (readonly string[])[] = [
    ['start'],
    ['token'],
    ['watch', 'binance:BTC/USDT'],
    ['user', 'list'],
    ['credentialKeys'],
    ['auditVerify'],
    ['rotateKeys'],
    ['accessReview'],
    ['doctor'],
    ['irLockdown'],
    ['irRevoke', '--user', 'ada@example.org'],
    ['irRotateAll', '--yes'],
    ['irScope', '--since', '1h'],
    ['irNotify', '--all', '--template', template],
  ];
  const called = await callEach(calls, { NODE_ENV: 'production', NODE_TLS_REJECT_UNAUTHORIZED: '0' });
  place.remove();
  expect(called.map(({ stdout, stderr, status }, index) => [calls[index]?.[0], status, stdout, stderr])).toEqual(
    calls.map(([name]): readonly unknown[] => [
      name,
      78,
      '',
      expect.stringMatching(/^NODE_TLS_REJECT_UNAUTHORIZED=0 lets .*\n$/),
    ]),
  );
});

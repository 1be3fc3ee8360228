import { readFileSync } from 'node:fs';
import path from 'node:path';
import { ControlHouse } from '../../scripts/controls/controlHouse';
import { provingCommands } from '../../scripts/controls/provingCommand';
import { runScript } from '../../scripts/controls/runScript';
import { readSecurityTable } from '../../scripts/controls/securityTable';
import { findProjectDir } from '../../src/config/processConfig';
import { describeWith, type Need } from '../kit/needs';

const projectDir = findProjectDir();
/** Those that run tests are read as well, which fails for one that finds none: the tests themselves are this run's. */
const scripts = provingCommands(readSecurityTable(projectDir), projectDir).filter(({ kind }) => kind === 'script');
const timeoutMs = 180_000;

const weekly = { file: '.github/workflows/controls.yml', runs: 'npm run check:controls\n' };
/** Too long for a run of the tests, by what they do: where they are run instead. */
const elsewhere: Readonly<Record<string, { readonly file: string; readonly runs: string }>> = {
  'npm run check': { file: '.ci/run', runs: 'npm run check\n' },
  'npm run check:edge': weekly,
  'npm run check:firewall -- --ufw': weekly,
  'npm run check:containers -- --rehearse': weekly,
  // It is a test of this run, with more sockets: test/main/incidentDrill.
  'npm run ir:drill': weekly,
};
const needs: Readonly<Record<string, Need>> = {
  'npm run check:firewall': 'root',
  'npm run scan': 'git',
  'npm run scan -- --self-test': 'git',
};
/** What only people can do has not been done: that is what it says, until it has. */
const mayBeOpen = 'npm run sec:calendar';

/** They look at a server's database, and at its Redis. */
const besideServer = ['npm run access:review', 'npm run audit:verify'];

async function run(
  text: string,
  settings: Readonly<Record<string, string>> = {},
): Promise<{ readonly status: number | null; readonly said: string }> {
  const command = scripts.find((script) => script.text === text);
  if (command?.kind !== 'script') throw new Error(`SECURITY.md does not name ${text}`);
  return runScript(command, { settings, timeoutMs });
}

/** Shows what it said where it does not. */
async function passes(text: string, settings: Readonly<Record<string, string>> = {}): Promise<void> {
  const { status, said } = await run(text, settings);
  expect({ status, said: status === 0 ? '' : said }).toEqual({ status: 0, said: '' });
}

beforeAll(async () => {
  const { status, said } = await runScript({ script: 'build', args: [] }, { settings: {}, timeoutMs });
  if (status !== 0) throw new Error(said);
}, timeoutMs);

describe('a command of SECURITY.md passes:', () => {
  const others = scripts.filter(({ text }) => ![...besideServer, ...Object.keys(elsewhere), mayBeOpen].includes(text));
  for (const { text } of others) {
    const test = (): void => {
      it(text, () => passes(text), timeoutMs);
    };
    const need = needs[text];
    if (need === undefined) test();
    else describeWith(need, need, test);
  }

  describeWith('redis-server', 'beside a server', () => {
    let house: ControlHouse;

    beforeAll(async () => {
      house = await ControlHouse.open();
    }, timeoutMs);

    afterAll(async () => {
      await house.stop();
    });

    it.each(besideServer)('%s', (text) => passes(text, house.settings));
  });
});

it(`${mayBeOpen} fails while something is open, and says what`, async () => {
  const { status, said } = await run(mayBeOpen);
  const states = said
    .split('\n')
    .flatMap((line) => /^(done|never|overdue|in the future|report missing) {2}/.exec(line)?.[1] ?? []);
  expect(states.length).toBeGreaterThan(0);
  expect(status).toBe(states.every((state) => state === 'done') ? 0 : 1);
});

it('leaves out what another place runs, and nothing else', () => {
  const texts = scripts.map(({ text }) => text);
  for (const [text, { file, runs }] of Object.entries(elsewhere)) {
    expect(texts).toContain(text);
    expect(readFileSync(path.join(projectDir, file), 'utf8')).toContain(runs);
  }
});

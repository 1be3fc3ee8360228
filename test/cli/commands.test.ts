import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { createServer, type AddressInfo, type Server } from 'node:net';
import path from 'node:path';
import { Command } from '../kit/command';
import { eventually } from '../kit/eventually';
import { makeTemporaryDir } from '../kit/temporaryDir';

const temporary = makeTemporaryDir();
/** Another exchange, at which nobody answers. */
const elsewhere = {
  LOG_LEVEL: 'warn',
  EXCHANGES: 'binance',
  EXCHANGE_BINANCE_REST_URL: 'http://127.0.0.1:9',
  EXCHANGE_BINANCE_WS_URL: 'ws://127.0.0.1:9',
};
const environment = { DATA_DIR: temporary.dir, PORT: '0', METRICS_PORT: '0', LOG_LEVEL: 'silent' };

afterAll(() => {
  temporary.remove();
});

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

/** What a server logged at the level of a warning and above. */
function complaintsIn(output: string): readonly string[] {
  return output.split('\n').filter((line) => line.startsWith('{') && Number(/"level":(\d+)/.exec(line)?.[1]) >= 40);
}

/** The status that a command ends with; 'runs' where it begins to serve instead, and is stopped. */
async function endOf(command: Command): Promise<number | null | 'runs'> {
  const served = command.says(/Tickgate is running/).then(
    () => 'runs' as const,
    () => command.ended,
  );
  const end = await Promise.race([command.ended, served]);
  await command.stop();
  return end;
}

async function startServer(changes: Readonly<Record<string, string>> = {}): Promise<{
  readonly command: Command;
  readonly port: string;
  readonly databasePid: number;
}> {
  const command = new Command('start', [], { ...environment, ...changes });
  const [, port = ''] = await command.says(/Tickgate is running: http:\/\/localhost:(\d+)\/graphql/);
  const [, databasePid = ''] = await command.says(/embedded, process (\d+)/);
  return { command, port, databasePid: Number(databasePid) };
}

describe('start, token and watch', () => {
  it('refuse a token before the first start, with a sentence', async () => {
    const token = new Command('token', ['--role', 'trader'], environment);
    expect(await token.ended).toBe(69);
    expect([token.stdout, token.stderr]).toEqual(['', expect.stringMatching(/run "npm start" once/) as string]);
  });

  it('refuse what names no exchange, and options, before anything is begun; and to look into a database that is not there', async () => {
    const nowhere = path.join(temporary.dir, 'nowhere');
    const changes = { ...environment, DATA_DIR: nowhere };
    const wrong = [
      new Command('start', [], { ...changes, EXCHANGES: 'binnance' }),
      new Command('start', ['--port', '5000'], changes),
      new Command('user', ['list'], changes),
    ];
    expect(await Promise.all(wrong.map(endOf))).toEqual([78, 64, 69]);
    const [exchange, options, user] = wrong.map(({ stderr }) => stderr);
    expect(exchange).toBe(
      'EXCHANGES names binnance, and ccxt.pro has no exchange of that name. Did you mean binance?\n',
    );
    expect(options).toMatch(/^Unknown option '--port'[^]*PORT=5000 npm start/);
    expect(user).toBe(
      `There is no database in ${nowhere}: start the server once, or set DATA_DIR or DATABASE_URL as the server has them.\n`,
    );
    expect(existsSync(nowhere)).toBe(false);
  });

  it('go from nothing to a live table, and leave nothing behind', async () => {
    const { command, port, databasePid } = await startServer();
    expect(command.stdout).toMatch(/making the database's files.*ran migration.*making the key.*demo users, made now/s);
    for (const role of ['VIEWER', 'ANALYST', 'TRADER', 'AUDITOR', 'ADMIN']) expect(command.stdout).toContain(role);
    const file = path.join(temporary.dir, 'demo-users.json');
    expect(statSync(file).mode & 0o777).toBe(0o600);

    const token = new Command('token', ['--role', 'viewer'], environment);
    expect(await token.ended).toBe(0);
    expect(token.stdout).toMatch(/^[\w-]+\.[\w-]+\.[\w-]+\n$/);
    const answer = await fetch(`http://127.0.0.1:${port}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${token.stdout.trim()}` },
      body: JSON.stringify({ query: '{ me { roles } }' }),
    });
    expect(await answer.json()).toEqual({
      data: { me: { roles: ['VIEWER'] } },
      extensions: { cost: { units: 1, limit: 5_000 } },
    });

    const url = `ws://127.0.0.1:${port}/graphql`;
    const watch = new Command('watch', ['simulator:BTC/USDT', 'simulator:ETH/USDT', '--url', url], environment);
    await watch.says(/market +last +bid +ask +change +age +events\/s/);
    await watch.says(/simulator:BTC\/USDT +\d[\d.]* +\d[\d.]* +\d[\d.]* +[+-]\d+\.\d\d % +\d+ m?s +\d+/);
    await watch.says(/simulator:ETH\/USDT +\d[\d.]* +\d[\d.]* +\d[\d.]* +[+-]\d+\.\d\d % +\d+ m?s +\d+/);
    expect(await watch.stop('SIGINT')).toBe(0);

    expect(await command.stop()).toBe(0);
    expect(isRunning(databasePid)).toBe(false);
    expect(command.stdout).toMatch(/stopping …[^]*stopped/);
  });

  it('keep users, passwords and key over a second start, and do not print the passwords again', async () => {
    const before = readFileSync(path.join(temporary.dir, 'demo-users.json'), 'utf8');
    const { command } = await startServer(elsewhere);
    expect(readFileSync(path.join(temporary.dir, 'demo-users.json'), 'utf8')).toBe(before);
    // The demo account of the start before is at the simulator, which is none of this start's exchanges.
    const complaint = await eventually(() => complaintsIn(command.stderr).find((line) => line.includes('accountId')));
    expect(JSON.parse(complaint)).toMatchObject({
      level: 40,
      msg: 'account is not traded',
      reason: expect.stringMatching(/^EXCHANGES does not name simulator\. /) as unknown,
    });
    expect(complaint).not.toContain('stack');
    const passwords = (JSON.parse(before) as { readonly password: string }[]).map(({ password }) => password);
    expect(passwords.filter((password) => command.stdout.includes(password))).toEqual([]);
    expect(await command.stop()).toBe(0);
  });

  it('stop without a word of complaint where they have only just started, whatever is still under way then', async () => {
    for (const exchange of ['not asked yet', 'answering']) {
      const { command } = await startServer({ LOG_LEVEL: 'info' });
      if (exchange === 'answering') await eventually(() => command.stderr.includes('exchange answers'));
      expect(await command.stop()).toBe(0);
      expect(complaintsIn(command.stderr)).toEqual([]);
    }
  });

  it('end with 69 where the embedded database dies, and leave nothing running', async () => {
    const { command, databasePid } = await startServer();
    const simulator = simulatorOf(command.pid);
    process.kill(databasePid, 'SIGKILL');
    expect(await command.ended).toBe(69);
    expect(command.stderr).toContain('The embedded database ended by itself');
    expect(isRunning(simulator)).toBe(false);
  });

  it('replace the signing keys in an emergency while nothing runs, and give no token then', async () => {
    const token = new Command('token', [], environment);
    expect([await token.ended, token.stdout]).toEqual([69, '']);
    expect(token.stderr).toMatch(/^PostgreSQL at \S+ cannot be used[^\n]*\n$/);
    const rotation = new Command('rotateKeys', ['--emergency'], { ...environment, ACCESS_TOKEN_ALGORITHM: 'ES256' });
    expect([await rotation.ended, rotation.stderr]).toEqual([0, '']);
    expect(rotation.stdout).toMatch(/ signs now\. 1 older keys and 0 sessions have ended/);
  });

  it('start the simulated exchange again when it dies', async () => {
    const { command, port } = await startServer();
    const watch = new Command('watch', ['simulator:BTC/USDT', '--url', `ws://127.0.0.1:${port}/graphql`], environment);
    await watch.says(/simulator:BTC\/USDT +\d/);
    process.kill(simulatorOf(command.pid), 'SIGKILL');
    await watch.says(/simulator:BTC\/USDT .* stale/);
    await command.says(/the simulated exchange ended; starting it again/);
    await watch.says(/stale[^]*simulator:BTC\/USDT .*\d+ m?s +\d+/);
    await watch.stop('SIGINT');
    expect(await command.stop('SIGINT')).toBe(0);
  });
});

/** The one child that runs the simulated exchange. */
function simulatorOf(pid: number): number {
  const processes = execFileSync('ps', ['-A', '-o', 'pid=,ppid=,command='], { encoding: 'utf8' }).split('\n');
  const line = processes.find((text) => text.includes('simulator.ts') && text.trim().split(/ +/)[1] === String(pid));
  if (line === undefined) throw new Error('the server runs no simulated exchange');
  return Number(line.trim().split(/ +/)[0]);
}

describe('a command that is called wrongly', () => {
  it.each([
    ['watch', [], /at least one market/],
    ['watch', ['BTCUSDT'], /"BTCUSDT" is not a market/],
    ['watch', ['simulator:BTC/USDT', '--colour'], /colour/],
    ['token', ['--role', 'king'], /"king" is not a role/],
  ])('%s %j says what is wrong and how it is called', async (name, args, sentence) => {
    const command = new Command(name, args, environment);
    expect(await command.ended).toBe(64);
    expect(command.stdout).toBe('');
    expect(command.stderr).toMatch(sentence);
    expect(command.stderr).toContain(`npm run ${name}`);
  });

  it('start with settings that do not fit tells all of them and ends with 78', async () => {
    const command = new Command('start', [], { ...environment, PORT: 'many', EXCHANGES: 'simulator,simulator' });
    expect(await command.ended).toBe(78);
    expect(command.stderr).toMatch(/PORT[^]*EXCHANGES/);
  });
});

describe('start where a port is taken', () => {
  let other: Server;

  beforeAll(async () => {
    other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
  });
  afterAll(() => {
    other.close();
  });

  it.each(['PORT', 'METRICS_PORT'])('says that it is %s, ends with 69 and leaves nothing behind', async (setting) => {
    const { port } = other.address() as AddressInfo;
    const command = new Command('start', [], { ...environment, [setting]: String(port) });
    const [, simulator = ''] = await command.says(/simulated exchange: (http:\S+)/);
    expect(await command.ended).toBe(69);
    expect(command.stderr).toMatch(new RegExp(`^Port ${port} \\(${setting}\\) is taken[^\n]*\n$`));
    await expect(fetch(simulator)).rejects.toThrow('fetch failed');
    const files = readdirSync(temporary.dir, { recursive: true }).map(String);
    expect(files.filter((file) => file.endsWith('PG_VERSION'))).not.toEqual([]);
    expect(files.filter((file) => file.endsWith('postmaster.pid'))).toEqual([]);
  });
});

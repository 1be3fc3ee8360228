import { Command } from '../kit/command';
import { startSimulator, type RunningSimulator } from '../kit/simulator';
import { RunningTickgate } from '../kit/tickgate';

interface Check {
  readonly name: string;
  readonly title: string;
  readonly passed: boolean;
  readonly evidence: string;
}

let simulator: RunningSimulator;
let server: RunningTickgate;

beforeAll(async () => {
  simulator = await startSimulator();
  server = await RunningTickgate.start('simulator', simulator);
}, 60_000);

afterAll(async () => {
  await server.stop();
  await simulator.stop();
});

const query = '{ securityChecks { name title passed evidence } }';

async function ask(role: 'AUDITOR' | 'ADMIN' | 'ANALYST' | 'TRADER'): Promise<unknown> {
  const { data, errors } = await server.post<{ readonly securityChecks: readonly Check[] }>(query, {
    authorization: await server.signIn(role),
  });
  return data?.securityChecks ?? errors?.map(({ extensions }) => extensions['code']);
}

async function doctor(args: readonly string[], port = server.tickgate.metricsPort): Promise<Command> {
  const command = new Command('doctor', args, { METRICS_PORT: String(port), DATA_DIR: '/nowhere' });
  await command.ended;
  return command;
}

const isOfTheHost = ({ name }: Check): boolean => name.startsWith('firewall');

it('says the same to auditors by a query as to the operator by the command, which sees the host as well', async () => {
  const asked = (await ask('AUDITOR')) as readonly Check[];
  expect(asked).toHaveLength(25);
  const told = await doctor(['--json']);
  expect([told.status, told.stderr]).toEqual([1, '']);
  const heard = JSON.parse(told.stdout) as readonly Check[];
  expect(heard.map(({ name }) => name)).toEqual(asked.map(({ name }) => name));
  expect(heard.filter((check) => !isOfTheHost(check))).toEqual(asked.filter((check) => !isOfTheHost(check)));
  for (const { evidence } of heard.filter(isOfTheHost)) {
    expect(evidence).toMatch(/^rules of .+: |^the rules of this host cannot be seen: .+ as root$/);
  }
  expect(await ask('TRADER')).toEqual(['FORBIDDEN']);
});

it('looks at this server: what it is in development passes or not, with what was seen', async () => {
  const checks = (await ask('ADMIN')) as readonly Check[];
  const found = Object.fromEntries(checks.map((check) => [check.name, check]));
  expect(found['rateLimiting']).toMatchObject({
    passed: true,
    evidence: 'of 20 calls at once a limit of 5 let 5 pass',
  });
  expect(found['signingKey']).toMatchObject({
    passed: true,
    evidence: expect.stringMatching(/^RS256, 3072 bits, 0 days old, kid [\w-]{43}; /) as unknown,
  });
  expect(found['databaseEncryption']).toMatchObject({
    passed: false,
    evidence: expect.stringMatching(/^this connection does not leave the machine; .+ volume .+: Never done/) as unknown,
  });
  expect(found['authentication']).toMatchObject({
    passed: true,
    evidence: expect.stringContaining('Query.serverTime') as unknown,
  });
  expect(found['nonRoot']?.passed).toBe(process.getuid?.() !== 0);
  expect(found['secretsManaged']?.passed).toBe(false);
  expect(found['tls']).toMatchObject({
    passed: false,
    evidence: 'PUBLIC_URL is not set: set it to where clients reach this server, and it is looked at from there',
  });
  expect(found['training']?.evidence).toMatch(/Never done|Done on|Last done on/);
});

it('is a gate before a deployment, and no server for development passes it', async () => {
  const gate = await doctor(['--production']);
  expect(gate.status).toBe(1);
  expect(gate.stdout).toMatch(
    /^NOT {5}This is a server for production\n {8}it runs for development: start it with NODE_ENV=production\n/,
  );
  expect(gate.stdout).toMatch(/\n\d+ of 26 boxes passed\.\n$/);
});

it('says so where no server answers, and where another does', async () => {
  const nobody = await doctor([], 1);
  expect([nobody.status, nobody.stdout]).toEqual([69, '']);
  expect(nobody.stderr).toContain('No server answers at http://127.0.0.1:1/security: start it');
  const other = await doctor([], server.tickgate.port);
  expect([other.status, other.stderr]).toEqual([69, expect.stringContaining('is no server of this version')]);
  expect((await doctor(['--what'])).status).toBe(64);
});

import { once } from 'node:events';
import { createServer } from 'node:net';
import { CommandError, UsageError } from '../src/cli/commandError';
import { runCommand, type OptionsOf } from '../src/cli/commandLine';
import { ConfigError } from '../src/config/configError';
import { loadProcessConfig } from '../src/config/processConfig';
import { listenErrorOf } from '../src/server/listenError';
import { RunningNginx, type EdgeVariables } from './edge/runningNginx';

/** sysexits.h: something that the command needs is not there. */
const unavailableExitStatus = 69;

const usage = `Debian's nginx with nginx/ in front of a server that runs, on this machine alone, with a certificate that nobody has to trust.

  TRUSTED_PROXIES=loopback npm start     in a first terminal
  npm run nginx                          in a second one
  CORS_ORIGINS=http://localhost:5173 npm run nginx

  --node HOST:PORT    where the server is, once for each node; left out, this machine at PORT
  --https-port PORT   8443 where nothing is said
  --http-port PORT    8080 where nothing is said
  --help              this text

Settings, by the names that they have in production (docs/EDGE.md):
  CORS_ORIGINS        as the server's, and read from where it reads them: pages that may read what nginx refuses
  HSTS                on (default), subdomains, preload
  TLS_PROFILE         intermediate (default), modern

Exit status: 0 stopped by Ctrl-C, 64 the arguments do not fit, 69 no server answers, a port is taken, or nginx does not run,
78 a setting does not fit.
`;

const known = {
  node: { type: 'string', multiple: true },
  'https-port': { type: 'string', default: '8443' },
  'http-port': { type: 'string', default: '8080' },
} as const;

const variables: Readonly<Record<'HSTS' | 'TLS_PROFILE', readonly string[]>> = {
  HSTS: ['on', 'subdomains', 'preload'],
  TLS_PROFILE: ['intermediate', 'modern'],
};

/** `npm run nginx`: until Ctrl-C. */
async function run(options: OptionsOf<typeof known>): Promise<void> {
  const ports = { https: portOf(options, 'https-port'), http: portOf(options, 'http-port') };
  if (ports.https === ports.http) throw new UsageError('--https-port and --http-port have to differ.', usage);
  for (const node of options.node ?? []) assertNode(node);
  const { http } = await loadProcessConfig();
  const wanted = { ...chosenVariables(), CORS_ORIGINS: http.corsOrigins.join(',') };
  const nodes = options.node ?? [`127.0.0.1:${http.port}`];
  for (const node of nodes) await assertAnswers(node);
  await assertFree(ports.https, '--https-port');
  await assertFree(ports.http, '--http-port');
  const nginx = await RunningNginx.start({ nodes, ports, variables: wanted }).catch(unavailable);
  try {
    const stopped = new Promise((resolve) => process.once('SIGINT', resolve).once('SIGTERM', resolve));
    process.stdout.write(
      [
        `GraphQL:       ${nginx.httpsUrl}/graphql (HTTP, and WebSocket as wss://localhost:${ports.https}/graphql)`,
        `In plain text: ${nginx.httpUrl}/ leads there`,
        `Try:           curl -k ${nginx.httpsUrl}/readyz`,
        `Pages:         ${http.corsOrigins.join(', ') || 'none of other origins: CORS_ORIGINS, for the server too'}`,
        `Files:         ${nginx.dir} (configuration as it was rendered, certificate, access.log)`,
        'Stop:          Ctrl-C',
        '',
      ].join('\n'),
    );
    await Promise.race([stopped, nginx.ended.catch(unavailable)]);
  } finally {
    await nginx.stop();
  }
}

function portOf(options: OptionsOf<typeof known>, name: 'https-port' | 'http-port'): number {
  const text = options[name];
  const port = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  if (port >= 1 && port <= 65_535) return port;
  throw new UsageError(`--${name} "${text}" is no port: 1 to 65535.`, usage);
}

/** It becomes a line of nginx's configuration. */
function assertNode(text: string): void {
  if (/^([\w.-]+|\[[\da-f:]+\]):\d{1,5}$/i.test(text)) return;
  throw new UsageError(`--node "${text}" is no host and port: 127.0.0.1:4000.`, usage);
}

/** Those that are set, as the template has them. Throws ConfigError. */
function chosenVariables(): EdgeVariables {
  const set = Object.entries(variables).flatMap(([name, values]) => {
    const value = process.env[name] ?? '';
    return value === '' ? [] : [{ name, value, values }];
  });
  const wrong = set.filter(({ value, values }) => !values.includes(value));
  if (wrong.length > 0) {
    throw new ConfigError(wrong.map(({ name, value, values }) => `${name} is ${values.join(' or ')}, not "${value}".`));
  }
  return Object.fromEntries(set.map(({ name, value }) => [name, value]));
}

async function assertAnswers(node: string): Promise<void> {
  const answer = await fetch(`http://${node}/livez`).catch(() => null);
  if (answer?.ok === true) return;
  throw new CommandError(
    `Nothing answers at ${node}: begin with TRUSTED_PROXIES=loopback npm start, or name it by --node.`,
    unavailableExitStatus,
  );
}

/** Throws ListenError: nginx would say it less shortly. */
async function assertFree(port: number, portSetting: string): Promise<void> {
  const address = { host: '127.0.0.1', port, portSetting, hostSetting: null };
  const probe = createServer().listen(port, address.host);
  await once(probe, 'listening').catch((error: unknown) => {
    throw listenErrorOf(error, address);
  });
  probe.close();
  await once(probe, 'close');
}

function unavailable(error: unknown): never {
  throw new CommandError(error instanceof Error ? error.message : String(error), unavailableExitStatus);
}

runCommand({ usage, options: known }, run);

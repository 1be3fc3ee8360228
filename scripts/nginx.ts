import { parseArgs } from 'node:util';
import { RunningNginx } from './edge/runningNginx';

const usage = `npm run nginx -- [--node 127.0.0.1:4000]… [--https-port 8443] [--http-port 8080]
Debian's nginx with nginx/ in front of a server that runs, on this machine alone, with a certificate that nobody has to trust.
The server must have been started with TRUSTED_PROXIES=loopback.
`;

/** `npm run nginx`: until Ctrl-C. */
async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      node: { type: 'string', multiple: true, default: ['127.0.0.1:4000'] },
      'https-port': { type: 'string', default: '8443' },
      'http-port': { type: 'string', default: '8080' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    process.stdout.write(usage);
    return;
  }
  for (const node of values.node) await assertAnswers(node);
  const ports = { https: Number(values['https-port']), http: Number(values['http-port']) };
  const nginx = await RunningNginx.start({ nodes: values.node, ports });
  const stopped = new Promise((resolve) => process.once('SIGINT', resolve).once('SIGTERM', resolve));
  process.stdout.write(
    [
      `GraphQL:       ${nginx.httpsUrl}/graphql (HTTP, and WebSocket as wss://localhost:${ports.https}/graphql)`,
      `In plain text: ${nginx.httpUrl}/ leads there`,
      `Try:           curl -k ${nginx.httpsUrl}/readyz`,
      `Files:         ${nginx.dir} (configuration as it was rendered, certificate, access.log)`,
      'Stop:          Ctrl-C',
      '',
    ].join('\n'),
  );
  await Promise.race([stopped, nginx.ended]);
  await nginx.stop();
}

async function assertAnswers(node: string): Promise<void> {
  const answer = await fetch(`http://${node}/livez`).catch(() => null);
  if (answer?.ok !== true) {
    throw new Error(`Nothing answers at ${node}: begin with TRUSTED_PROXIES=loopback npm start, or name it by --node.`);
  }
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 69;
});

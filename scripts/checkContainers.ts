import path from 'node:path';
import { parseArgs } from 'node:util';
import { readDeployment, readFiles } from './containers/deployment';
import { rehearse } from './containers/rehearsal';
import { containerRules } from './containers/rules';

const usage = `Whether docker/Dockerfile, .dockerignore, docker/compose.yaml and docker/kubernetes keep the rules of containers.

  npm run check:containers                 judges the files; exit status 1 where one breaks a rule
  npm run check:containers -- --rules      lists the rules, and why there is each
  npm run check:containers -- --rehearse   takes the steps of the image in a folder, and runs what comes of it (as root; it wants npm's registry,
                                           redis-server, psql and the user postgres of Debian's postgresql-common)
`;

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: { rules: { type: 'boolean' }, rehearse: { type: 'boolean' }, help: { type: 'boolean' } },
  });
  const projectDir = path.resolve(__dirname, '..');
  if (values.help === true) {
    process.stdout.write(usage);
    return;
  }
  if (values.rules === true) {
    for (const { name, reason } of containerRules) process.stdout.write(`${name.padEnd(30)} ${reason}\n`);
    return;
  }
  if (values.rehearse === true) {
    process.exitCode = (await rehearse(projectDir)) ? 0 : 1;
    return;
  }
  const deployment = readDeployment(readFiles(projectDir));
  for (const { name, find } of containerRules) {
    const breaches = find(deployment);
    process.stdout.write(`${breaches.length === 0 ? 'ok    ' : 'FAILED'} ${name}\n`);
    for (const breach of breaches) process.stdout.write(`         ${breach}\n`);
    if (breaches.length > 0) process.exitCode = 1;
  }
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
  process.exitCode = 1;
});

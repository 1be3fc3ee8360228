import { parseArgs } from 'node:util';
import { ControlHouse } from './controls/controlHouse';
import { provingCommands } from './controls/provingCommand';
import { runControls } from './controls/runControls';
import { readSecurityTable } from './controls/securityTable';

const usage = `Runs every command of the tables of SECURITY.md, beside a server of its own, and says of each whether it passed.

  npm run check:controls

  --only TEXT   only commands that contain TEXT
  --list        prints the commands and runs none
  --help        this text

What the commands need: redis-server, nginx, sslscan, testssl.sh, nft, ufw, shellcheck, psql and the user postgres (postgresql-client,
postgresql-common), and root for the firewall and the image. All of them take twenty minutes.

Exit status: 0 every command passed, 1 one did not, or could not be run.
`;

/** All tests together take half of it. */
const bounds = { scriptMs: 20 * 60_000, testsMs: 60 * 60_000 };

async function main(): Promise<void> {
  const { only, list, help } = parseArgs({
    options: {
      only: { type: 'string', default: '' },
      list: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  }).values;
  if (help) {
    process.stdout.write(usage);
    return;
  }
  // Where npm runs the scripts of package.json.
  const projectDir = process.cwd();
  const commands = provingCommands(readSecurityTable(projectDir), projectDir).filter(({ text }) => text.includes(only));
  if (commands.length === 0) throw new Error(`No command of SECURITY.md contains "${only}": --list prints them all.`);
  if (list) {
    process.stdout.write(commands.map(({ text }) => `${text}\n`).join(''));
    return;
  }
  process.exitCode = await runControls(commands, {
    projectDir,
    bounds,
    openHouse: () => ControlHouse.open(),
    say: (text) => process.stdout.write(text),
    onProgress: (text) => process.stderr.write(text),
  });
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
});

import path from 'node:path';
import { parseArgs } from 'node:util';
import { lookUp } from './pins/lookUp';
import { findUses, writeUses } from './pins/pinnedFiles';
import { nameOf, pinsFile, readPins, unresolved, writePins, type Pin } from './pins/pins';
import { pinProblems } from './pins/pinProblems';

/**
 * Looks up what the tags of security/pins.json are now (digests of images, commits of actions), and writes it there and wherever one is used.
 * What cannot be looked up stays as it was; what never was looked up stays `unresolved`.
 * Usage: npm run pin [-- --check] [-- --registry URL] [-- --git URL]. `--check` asks nobody, and fails where a release must not be made.
 */
async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      check: { type: 'boolean', default: false },
      registry: { type: 'string' },
      git: { type: 'string' },
      project: { type: 'string', default: path.resolve(__dirname, '..') },
    },
  });
  const { project, registry, git } = values;
  if (!values.check) {
    const mirrors = { ...(registry === undefined ? {} : { registry }), ...(git === undefined ? {} : { git }) };
    const today = new Date().toISOString().slice(0, 10);
    const pins = await Promise.all(readPins(project).map((pin) => renew(pin, { mirrors, today })));
    writePins(project, pins);
    for (const file of writeUses(project, pins)) process.stdout.write(`written: ${file}\n`);
  }
  const pins = readPins(project);
  const problems = pinProblems(pins, findUses(project));
  for (const problem of problems) process.stdout.write(`${problem}\n`);
  const open = pins.filter(({ pin }) => pin === unresolved).length;
  process.stdout.write(`${pins.length} of ${pinsFile}: ${pins.length - open} pinned, ${open} unresolved.\n`);
  if (problems.length > 0) process.exitCode = 1;
}

async function renew(
  pin: Pin,
  { mirrors, today }: { readonly mirrors: Parameters<typeof lookUp>[1]; readonly today: string },
): Promise<Pin> {
  try {
    return { ...pin, pin: await lookUp(pin, mirrors), seen: today };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    process.stdout.write(`not looked up: ${nameOf(pin)} (${reason.split('\n')[0] ?? ''})\n`);
    return pin;
  }
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
});

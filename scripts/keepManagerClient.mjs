// Makes the client of a secret manager, which development has for its tests, a package of production: `npm prune --omit=dev` then leaves it, in
// the version of the lock. MANAGER_CLIENT: its name; nothing is changed where it is not set. docker/Dockerfile runs this.
import { readFileSync, writeFileSync } from 'node:fs';

const file = 'package.json';
const name = process.env.MANAGER_CLIENT ?? '';
const manifest = JSON.parse(readFileSync(file, 'utf8'));
const known = Object.keys(manifest.peerDependenciesMeta);
if (name !== '') {
  if (!known.includes(name)) {
    console.error(`MANAGER_CLIENT is ${name}: it must be ${known.join(' or ')}.`);
    process.exit(64);
  }
  manifest.dependencies[name] = manifest.devDependencies[name];
  delete manifest.devDependencies[name];
  delete manifest.peerDependencies[name];
  writeFileSync(file, `${JSON.stringify(manifest, null, 2)}\n`);
}

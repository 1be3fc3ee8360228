'use strict';

const { mkdirSync, readdirSync, writeFileSync } = require('node:fs');
const path = require('node:path');
const { transformFile } = require('@swc/core');

const root = path.resolve(__dirname, '../..');
const folders = ['src', 'migrations', 'scripts', 'test'];

/**
 * Compiles everything that a process of a test may run, once a run and as jest compiles what it runs itself: to read the TypeScript
 * settings and to look for what has changed costs each of some hundred processes longer than it takes to start.
 */
async function compilePrograms(dir) {
  const compiled = path.join(dir, 'compiled');
  const files = folders.flatMap((folder) =>
    readdirSync(path.join(root, folder), { recursive: true })
      .map((name) => path.join(folder, name))
      .filter((name) => name.endsWith('.ts') && !name.endsWith('.test.ts') && !name.endsWith('.d.ts')),
  );
  await Promise.all(
    files.map(async (name) => {
      const { code } = await transformFile(path.join(root, name), { cwd: root });
      const target = path.join(compiled, `${name}.js`);
      mkdirSync(path.dirname(target), { recursive: true });
      writeFileSync(target, code);
    }),
  );
  writeFileSync(path.join(dir, 'register.js'), registration(compiled));
}

/** Lets Node find in `compiled` what a file of ours is compiled to. */
function registration(compiled) {
  return `'use strict';
const { readFileSync } = require('node:fs');
const path = require('node:path');
require.extensions['.ts'] = (module, file) => {
  const name = path.relative(${JSON.stringify(root)}, file);
  module._compile(readFileSync(path.join(${JSON.stringify(compiled)}, name + '.js'), 'utf8'), file);
};
`;
}

module.exports = { compilePrograms };

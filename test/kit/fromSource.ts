import path from 'node:path';

/**
 * What lets Node run a program of ours from its source: `node ...fromSource() src/cli/token.ts`, in the project's folder. Under jest it is
 * compiled already, once a run.
 */
export function fromSource(): readonly string[] {
  const runDir = process.env['TEST_RUN_DIR'];
  return ['--require', runDir === undefined ? '@swc-node/register' : path.join(runDir, 'register.js')];
}

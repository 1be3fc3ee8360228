import { chmodSync, mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

/** A new empty folder that everybody may pass through, removed by `remove`. */
export function makeTemporaryDir(): { readonly dir: string; remove(): void } {
  const dir = mkdtempSync(path.join(realpathSync(tmpdir()), 'tickgate-test-'));
  // The embedded PostgreSQL runs as another user where the tests run as root.
  chmodSync(dir, 0o711);
  return {
    dir,
    remove: () => {
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

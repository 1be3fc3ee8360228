import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { renderEnvTemplate } from '../config/envTemplate';
import { findProjectDir } from '../config/processConfig';

// Writes .env.template from the table of settings; with --check it only compares, and fails where they differ.
const file = path.join(findProjectDir(), '.env.template');
const wanted = renderEnvTemplate();
if (!process.argv.includes('--check')) writeFileSync(file, wanted);
else if (!existsSync(file) || readFileSync(file, 'utf8') !== wanted) {
  process.stderr.write('.env.template is not what the settings say: run "npm run generate:env".\n');
  process.exitCode = 1;
}

// `npm run scan`: installs what is missing, then looks for what must not be in the project (scripts/scan).
import { createRequire } from 'node:module';
import { prepare, projectDir } from './prepare.mjs';

await prepare({ needsBuild: false, output: 'stderr' });
process.chdir(projectDir);
const require = createRequire(import.meta.url);
require('@swc-node/register');
require('./scan/main.ts');

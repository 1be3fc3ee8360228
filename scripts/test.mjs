// `npm test`: installs what is missing, then runs jest; arguments go to jest.
import { createRequire } from 'node:module';
import path from 'node:path';
import { prepare, projectDir } from './prepare.mjs';

await prepare({ needsBuild: false, output: 'stderr' });
process.chdir(projectDir);
createRequire(path.join(projectDir, 'package.json'))('jest/bin/jest');

// `npm run build`: installs what is missing and compiles what has changed.
import { prepare } from './prepare.mjs';

await prepare({ needsBuild: true, output: 'stdout' });

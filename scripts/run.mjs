// `npm run token`, `npm run watch`, …: makes sure that there is a build, without a word on standard output, then is the command.
import { become, prepare } from './prepare.mjs';

const [command, ...args] = process.argv.slice(2);
await prepare({ needsBuild: true, output: 'stderr' });
await become(command, args);

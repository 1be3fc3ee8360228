// `npm start`: installs and builds what is missing, then is the server.
import { become, prepare } from './prepare.mjs';

await prepare({ needsBuild: true, output: 'stdout' });
await become('start', process.argv.slice(2));

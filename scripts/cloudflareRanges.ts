import path from 'node:path';
import { cloudflareSources, runRanges } from './edge/cloudflareRanges';

const file = path.resolve(__dirname, '../nginx/clients/cloudflare.conf');

/** `npm run cloudflare:ranges`: fetches the ranges and writes them; with --check it only compares, and fails where they differ. */
async function main(): Promise<void> {
  const isCheck = process.argv.includes('--check');
  const { status, said } = await runRanges({ sources: cloudflareSources, file, isCheck });
  (status === 0 ? process.stdout : process.stderr).write(`${said}\n`);
  process.exitCode = status;
}

void main();

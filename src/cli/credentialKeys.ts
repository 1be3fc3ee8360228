import { loadProcessConfig } from '../config/processConfig';
import { openProvenKeys } from '../startSealing';
import { countSealedRecords } from '../storage/storage';
import { runCommand } from './commandLine';
import { describeKeys, listSealingKeys, statusOf } from './sealingKeys';

const usage = `Tells which entries of CREDENTIAL_KEYS still seal something (keys of exchanges, keys that sign access tokens, second
factors), and which may be removed. Changes nothing.

  npm run credentials:keys

  --help   this text

Run it where the server runs, with its settings; the database has to be up. A node seals what it opens with the newest key (keys of
exchanges: the node that trades), so that after a start with a new one in front, every older one is unused a moment later. Of a key that Vault
keeps, each version that still seals is told: one that does not may be retired there (min_decryption_version).

Exit status: 0 every older key may be removed, 1 an older key is in use, 69 Vault does not answer, 78 a key in use is not in the settings.
`;

async function run(): Promise<void> {
  const config = await loadProcessConfig();
  const { dataDir } = config;
  const configured = await openProvenKeys({ config, mayGenerate: false, onProgress: () => undefined, storage: null });
  const records = await countSealedRecords({ databaseUrl: config.database.url?.reveal() ?? null, dataDir });
  const keys = listSealingKeys(configured, records);
  process.stdout.write(describeKeys(keys));
  process.exitCode = statusOf(keys);
}

runCommand({ usage, options: {} }, run);

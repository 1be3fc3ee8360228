import { advisories } from './advisories';
import { branchRules } from './branchRules';
import type { Check } from './check';
import { ignored } from './ignored';
import { installScripts } from './installScripts';
import { licences } from './licences';
import { lockfile } from './lockfile';
import { sbom } from './sbom';
import { historySecrets, treeSecrets } from './secrets';
import { updates } from './updates';
import { workflows } from './workflows';

export const checks: readonly Check[] = [
  treeSecrets,
  historySecrets,
  ignored,
  lockfile,
  licences,
  installScripts,
  sbom,
  workflows,
  branchRules,
  updates,
  advisories,
];

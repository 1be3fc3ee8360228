import { branchRules } from '../branchRules';
import type { Check } from '../check';
import { ignored } from '../ignored';
import { installScripts } from '../installScripts';
import { licences } from '../licences';
import { lockfile } from '../lockfile';
import { historySecrets } from '../secrets';
import { updates } from '../updates';
import { workflows } from '../workflows';
import { branchFaults } from './faults/branchFaults';
import { historyFaults } from './faults/historyFaults';
import { ignoredFaults } from './faults/ignoredFaults';
import { installScriptFaults } from './faults/installScriptFaults';
import { licenceFaults } from './faults/licenceFaults';
import { lockFaults } from './faults/lockFaults';
import type { PlantedFault } from './faults/plantedFault';
import { tagFaults } from './faults/tagFaults';
import { updateFaults } from './faults/updateFaults';
import { workflowFaults } from './faults/workflowFaults';

/** What each check has to find. */
export const plantedFaults: ReadonlyMap<Check, readonly PlantedFault[]> = new Map([
  [lockfile, lockFaults],
  [licences, licenceFaults],
  [installScripts, installScriptFaults],
  [historySecrets, historyFaults],
  [ignored, ignoredFaults],
  [workflows, workflowFaults],
  [branchRules, [...branchFaults, ...tagFaults]],
  [updates, updateFaults],
]);

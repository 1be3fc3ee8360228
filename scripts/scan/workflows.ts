import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { Check, Finding } from './check';
import { commandFaults } from './commands';
import { readWorkflows, stepsOf } from './workflowFile';
import { duties, missingDuties } from './workflowDuties';
import { unresolvedPins, workflowRules } from './workflowRules';

export const workflows: Check = {
  name: 'workflows',
  run: (projectDir) => {
    const all = readWorkflows(projectDir);
    const open = all.flatMap(unresolvedPins);
    const uses = all.flatMap((workflow) => stepsOf(workflow).filter(({ step }) => step.uses !== undefined)).length;
    const broken = all.flatMap((workflow) =>
      Object.entries(workflowRules).flatMap(([name, { because, broken }]) =>
        broken(workflow).map((fault) => ({
          place: workflow.file,
          sentence: `${name}: ${fault}. ${capital(because)}.`,
        })),
      ),
    );
    const { length } = Object.keys(workflowRules);
    return {
      figures: `${all.length} files, ${uses} uses of actions, ${length} rules, ${Object.keys(duties).length} duties, ${open.length} pins unresolved`,
      findings: [...broken, ...missingDuties(all), ...missingScripts(projectDir, all), ...commandFaults(projectDir)],
      open,
    };
  },
};

/** A command that is not in package.json fails only on the day on which it is needed. */
function missingScripts(projectDir: string, all: ReturnType<typeof readWorkflows>): Finding[] {
  const { scripts } = JSON.parse(readFileSync(path.join(projectDir, 'package.json'), 'utf8')) as {
    scripts: Record<string, string>;
  };
  return all.flatMap((workflow) =>
    stepsOf(workflow).flatMap(({ step }) =>
      [...(step.run ?? '').matchAll(/\bnpm run (?:-s )?([\w:-]+)/g)]
        .filter(([, name = '']) => !(name in scripts))
        .map(([, name = '']) => ({
          place: workflow.file,
          sentence: `runs "npm run ${name}", which package.json does not have.`,
        })),
    ),
  );
}

function capital(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}`;
}

import type { Check, Finding } from './check';
import { git, ignoredAmong } from './git';

/** Where secrets and data lie on a machine that runs the server. */
const mustBeIgnored = ['.env', 'data/keys.json', 'node_modules/a/package.json', 'dist/a.js', 'a.log'];
/** Tracked files of these names are templates without a value. */
const template = /(^|\/)\.env\.template$/;

export const ignored: Check = {
  name: 'ignored files',
  run: (projectDir) => {
    const kept = ignoredAmong(projectDir, mustBeIgnored);
    const findings: Finding[] = mustBeIgnored
      .filter((file) => !kept.includes(file))
      .map((file) => ({ place: '.gitignore', sentence: `does not keep ${file} out of a commit.` }));
    const tracked = git(projectDir, ['ls-files', '-z']).toString().split('\0');
    for (const file of tracked.filter((file) => /(^|\/)\.env(\.|$)/.test(file) && !template.test(file)))
      findings.push({
        place: file,
        sentence: 'is committed: take it out of the history too, and change what it holds.',
      });
    // What is ignored and tracked all the same is committed with every change of it, without anybody having to add it.
    const both = git(projectDir, ['ls-files', '-z', '--cached', '--ignored', '--exclude-standard'])
      .toString()
      .split('\0');
    for (const file of both.filter((file) => file !== ''))
      findings.push({ place: file, sentence: 'is committed although .gitignore names it: "git rm --cached".' });
    return { figures: `${mustBeIgnored.length} places, ${tracked.length - 1} tracked files`, findings };
  },
};

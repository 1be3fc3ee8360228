import { isDeepStrictEqual } from 'node:util';
import type { Finding } from './check';
import { readRuleset } from './ruleset';

const rulesetFile = '.github/rulesets/tags.json';
/** Every tag that a release is made of: .github/workflows/release.yml runs as the tag has it. */
const releaseTags = { ref_name: { include: ['refs/tags/v*'], exclude: [] } };
/** GitHub's own number of the role. */
const admins = [{ actor_id: 5, actor_type: 'RepositoryRole', bypass_mode: 'always' }];

/** Who may push a tag may release: what keeps that to admins. */
export function tagFaults(projectDir: string): Finding[] {
  const { target, conditions, enforcement, bypass_actors: bypass, rules } = readRuleset(projectDir, rulesetFile);
  const faults = [
    ...(enforcement === 'active' ? [] : [`enforcement is ${enforcement}`]),
    ...(target === 'tag' && isDeepStrictEqual(conditions, releaseTags) ? [] : ['is not for every tag of a release']),
    ...(isDeepStrictEqual(bypass, admins) ? [] : ['lets others than admins pass the rules by, or not even them']),
    ...['creation', 'update', 'deletion']
      .filter((type) => !rules.some((rule) => rule.type === type))
      .map((type) => `lacks the rule ${type}`),
  ];
  return faults.map((fault) => ({ place: rulesetFile, sentence: `${fault}.` }));
}

import { failed, passed, type Finding } from './finding';
import type { SecretPlace, SecurityFacts } from './securityFacts';

/** How they are kept: in files that nobody else reads, and not for longer than they should be. */
export function judgeSecrets({ mode, secretAges, ...facts }: SecurityFacts): Finding {
  if (mode !== 'production')
    return failed(
      'in development the server makes its keys itself, beside its data: start it with NODE_ENV=production',
    );
  const secrets = facts.secrets();
  const open = secrets.filter(({ fileMode }) => fileMode !== null && (fileMode & 0o027) !== 0);
  if (open.length > 0)
    return failed(
      `readable by others, or writable by the group: ${open.map(describeFile).join(', ')}; chmod 0640 or less`,
    );
  const inEnvironment = secrets.filter(({ place }) => place === 'environment').map(({ name }) => name);
  if (inEnvironment.length > 0) {
    return failed(
      `in the environment, where every child and /proc has them: ${inEnvironment.join(', ')}; set NAME_FILE instead`,
    );
  }
  const ages = secretAges();
  const overdue = ages.filter(({ isOverdue }) => isOverdue);
  if (overdue.length > 0) {
    const told = overdue.map(({ name, ageDays }) => `${name} (${ageDays ?? 0} days)`).join(', ');
    return failed(
      `not changed for longer than SECRET_MAX_AGE_DAYS: ${told}; docs/SECRETS.md tells how to replace each`,
    );
  }
  const ageless = ages.filter(({ isOverdue }) => isOverdue === null).map(({ name }) => name);
  if (ageless.length > 0) {
    return failed(
      `nobody knows how old they are: ${ageless.join(', ')}; docs/SECRETS.md tells how their manager says so, and what SECRET_MAX_AGE_DAYS=0 means`,
    );
  }
  return passed(`${secrets.length} secrets, none of them in the environment: ${secrets.map(describePlace).join(', ')}`);
}

/** Whether they are set at all, and not among the sources. */
export function judgeSecretPlaces(facts: SecurityFacts): Finding {
  const secrets = facts.secrets();
  if (secrets.length === 0)
    return failed('none is set, so the server keeps what it made itself: set them as .env.template says');
  // A secret in a configuration file, which is committed, keeps the server from starting.
  return passed(
    `none of ${secrets.length} in a configuration file, or the server had not started: ${secrets.map(describePlace).join(', ')}`,
  );
}

function describePlace({ name, place, fileMode }: SecretPlace): string {
  return `${name} (${place}${fileMode === null ? '' : ` ${octal(fileMode)}`})`;
}

function describeFile({ name, fileMode }: SecretPlace): string {
  return `the file of ${name} (${octal(fileMode ?? 0)})`;
}

function octal(mode: number): string {
  return `0${mode.toString(8)}`;
}

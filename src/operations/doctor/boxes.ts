import { calendarFile } from '../securityCalendar';
import { failed, passed, type Finding } from './finding';
import { judgeCertificate } from './judgeCertificate';
import { judgeEdgeLimit } from './judgeEdgeLimit';
import { judgeHeaders } from './judgeHeaders';
import { judgeSecretPlaces, judgeSecrets } from './judgeSecrets';
import { judgeTls } from './judgeTls';
import type { OutsideView } from './outsideView';
import type { SecurityFacts } from './securityFacts';

/** One box of the two checklists that came with this project; SECURITY.md says which line is which. */
export interface Box {
  readonly name: string;
  readonly line: string;
  /** As the checklist has it. */
  readonly title: string;
  readonly look: (facts: SecurityFacts) => Finding | Promise<Finding>;
}

const lookAtVolume = recordsOf('B76');

/** How many days late the next signing key may be: a server that is off for a weekend. */
const lateDays = 3;

export const boxes: readonly Box[] = [
  { name: 'secretsManaged', line: 'A100', title: 'All secrets are properly managed', look: judgeSecrets },
  { name: 'tls', line: 'A101', title: 'SSL/TLS is properly configured', look: fromOutside(judgeTls) },
  { name: 'rateLimiting', line: 'A102', title: 'Rate limiting is enabled', look: lookAtLimits },
  { name: 'cors', line: 'A103', title: 'CORS is configured correctly', look: lookAtOrigins },
  { name: 'signingKey', line: 'A104', title: 'JWT secret is strong and unique', look: lookAtSigningKey },
  { name: 'nonRoot', line: 'A105', title: 'Non-root user is used in containers', look: lookAtUser },
  { name: 'securityHeaders', line: 'A106', title: 'Security headers are enabled', look: fromOutside(judgeHeaders) },
  { name: 'dependencies', line: 'A107', title: 'Dependencies are up to date', look: recordsOf('A107') },
  { name: 'firewall', line: 'A108', title: 'Firewall rules are in place', look: lookAtFirewall },
  { name: 'monitoring', line: 'A109', title: 'Monitoring and logging are configured', look: lookAtAlerts },
  { name: 'secretsOutOfSources', line: 'B70', title: 'All secrets in environment variables', look: judgeSecretPlaces },
  { name: 'certificate', line: 'B71', title: 'SSL certificates configured', look: fromOutside(judgeCertificate) },
  { name: 'rateLimitingAtTheEdge', line: 'B72', title: 'Rate limiting enabled', look: fromOutside(judgeEdgeLimit) },
  { name: 'alerts', line: 'B73', title: 'Monitoring alerts set up', look: lookAtAlerts },
  { name: 'backups', line: 'B74', title: 'Backup strategy in place', look: lookAtBackups },
  { name: 'firewallRules', line: 'B75', title: 'Firewall rules configured', look: lookAtFirewall },
  { name: 'databaseEncryption', line: 'B76', title: 'Database encryption enabled', look: lookAtDatabase },
  { name: 'authentication', line: 'B77', title: 'API authentication required', look: lookAtOpenFields },
  { name: 'securityScan', line: 'B80', title: 'Security scan passed', look: recordsOf('B80') },
  { name: 'penetrationTest', line: 'B81', title: 'Penetration test scheduled', look: recordsOf('B81') },
  { name: 'accessLogs', line: 'B82', title: 'Access logs reviewed', look: recordsOf('B82') },
  {
    name: 'baselines',
    line: 'B83',
    title: 'Performance baselines set',
    look: recordsOf('B83'),
  },
  { name: 'incidentDrill', line: 'B84', title: 'Incident response tested', look: recordsOf('B84') },
  { name: 'training', line: 'B85', title: 'Team security training', look: recordsOf('B85') },
  { name: 'compliance', line: 'B86', title: 'Compliance documented', look: recordsOf('B86') },
];

/** What a later version brings: it is no use to look for it. */
function lookAtAlerts(): Finding {
  return failed(
    'not built in this version: alerts; until then have GET /health and /metrics of METRICS_PORT watched (docs/LIFECYCLE.md)',
  );
}

function lookAtBackups(): Finding {
  return failed(
    'not built in this version: backups and their restore tests; until then make both yourself (docs/DEPLOYMENT.md)',
  );
}

/** What only people can do, by what they wrote down. */
function recordsOf(line: string) {
  return ({ records }: Pick<SecurityFacts, 'records'>): Finding => {
    const kept = records(line);
    if (kept.length === 0)
      return failed(`${calendarFile} holds no record of ${line}: add one, with its day and report`);
    const due = kept.filter(({ state }) => state !== 'done');
    const told = (due.length > 0 ? due : kept).map(({ entry, sentence }) => `${entry.title}: ${sentence}`);
    return { passed: due.length === 0, evidence: told.join(' ') };
  };
}

/** What the world sees of the server, where it is said where that is. */
function fromOutside(judge: (view: OutsideView, facts: SecurityFacts) => Finding) {
  return async (facts: SecurityFacts): Promise<Finding> => {
    const view = await facts.outside();
    if (view === null)
      return failed('PUBLIC_URL is not set: set it to where clients reach this server, and it is looked at from there');
    return view.failure === null
      ? judge(view, facts)
      : failed(
          `${view.url}: ${view.failure}; let this server reach its own public address (docs/DEPLOYMENT.md), and look again`,
        );
  };
}

async function lookAtLimits({ tryLimit }: SecurityFacts): Promise<Finding> {
  const { asked, max, passed: through } = await tryLimit();
  const evidence = `of ${asked} calls at once a limit of ${max} let ${through} pass`;
  return { passed: through === max, evidence };
}

function lookAtOrigins({ mode, corsOrigins, letsIn }: SecurityFacts): Finding {
  const strangers = ['https://evil.example', 'null', ...corsOrigins.map((origin) => `${origin}.evil.example`)];
  const wrong = strangers.filter(letsIn);
  if (wrong.length > 0) return failed(`pages of ${wrong.join(', ')} are let in`);
  const plain = corsOrigins.filter((origin) => !origin.startsWith('https://'));
  if (mode === 'production' && plain.length > 0) return failed(`in plain text: ${plain.join(', ')}`);
  return passed(`pages of ${corsOrigins.join(', ') || 'no other site'} alone; ${strangers.length} others were tried`);
}

async function lookAtSigningKey({ signingKey }: SecurityFacts): Promise<Finding> {
  const key = await signingKey();
  if (key === null) return failed('no key signs: see the log');
  const { kid, algorithm, bits, ageDays, maxAgeDays } = key;
  const evidence = `${algorithm}, ${bits} bits, ${ageDays} days old, kid ${kid}; no secret is shared with anybody`;
  const isStrong = algorithm === 'RS256' ? bits >= 3_072 : algorithm === 'ES256' && bits >= 256;
  if (!isStrong) return failed(`too weak: ${evidence}`);
  return maxAgeDays > 0 && ageDays > maxAgeDays + lateDays
    ? failed(`no server replaces it: ${evidence}`)
    : passed(evidence);
}

function lookAtUser({ userId }: SecurityFacts): Finding {
  if (userId === null) return failed('this system has no user ids to tell by: run it on Linux, as docker/ does');
  return userId === 0
    ? failed('this process runs as root (user 0): docker/ shows how it need not')
    : passed(`this process runs as user ${userId}`);
}

/** Whoever may see the rules of a host is root there, and a server is not: hostView.ts takes the place of this. */
function lookAtFirewall(): Finding {
  return failed('a server cannot see the firewall of its host: run `npm run doctor` there, as root');
}

async function lookAtDatabase({ database, records }: SecurityFacts): Promise<Finding> {
  const { isEncrypted, isLocal } = await database();
  if (!isEncrypted && !isLocal)
    return failed('this connection is not encrypted: add ?sslmode=verify-full to DATABASE_URL');
  const connection = isEncrypted ? 'this connection is encrypted' : 'this connection does not leave the machine';
  const { passed: isRecorded, evidence } = lookAtVolume({ records });
  const unseen = 'a server does not see whether the volume is (docs/DEPLOYMENT.md)';
  return { passed: isRecorded, evidence: `${connection}; ${unseen}: ${evidence}` };
}

function lookAtOpenFields({ openFields }: SecurityFacts): Finding {
  const unexpected = openFields.filter((field) => !meantToBeOpen.has(field));
  return unexpected.length > 0
    ? failed(`open to whoever is not signed in: ${unexpected.join(', ')}`)
    : passed(`without signing in there is nothing but ${openFields.join(', ')}`);
}

/** What signing in takes, the time, and how a stranger finds out that the server is there. */
const meantToBeOpen = new Set([
  'Query.serverTime',
  'auth/Query.signingKeys',
  ...['login', 'verifyMfa', 'requestPasswordReset', 'resetPassword'].map((field) => `auth/Mutation.${field}`),
]);

import { calendarFile } from '../securityCalendar';
import { faultOfHeader, hstsSeconds } from './headerValues';
import type { OutsideView } from './outsideView';
import type { SecretPlace, SecurityFacts } from './securityFacts';

/** What was found of one box, in words that show it. */
export interface Finding {
  readonly passed: boolean;
  readonly evidence: string;
}

/** One box of the two checklists that came with this project; SECURITY.md says which line is which. */
export interface Box {
  readonly name: string;
  readonly line: string;
  /** As the checklist has it. */
  readonly title: string;
  readonly look: (facts: SecurityFacts) => Finding | Promise<Finding>;
}

const lookAtVolume = recordsOf('B76');

const dayMs = 86_400_000;
/** Where less is left, whatever renews it has failed for weeks. */
const minCertificateLeft = 1 / 3;
/** How many days late the next signing key may be: a server that is off for a weekend. */
const lateDays = 3;

export const boxes: readonly Box[] = [
  { name: 'secretsManaged', line: 'A100', title: 'All secrets are properly managed', look: lookAtSecrets },
  { name: 'tls', line: 'A101', title: 'SSL/TLS is properly configured', look: lookAtTls },
  { name: 'rateLimiting', line: 'A102', title: 'Rate limiting is enabled', look: lookAtLimits },
  { name: 'cors', line: 'A103', title: 'CORS is configured correctly', look: lookAtOrigins },
  { name: 'signingKey', line: 'A104', title: 'JWT secret is strong and unique', look: lookAtSigningKey },
  { name: 'nonRoot', line: 'A105', title: 'Non-root user is used in containers', look: lookAtUser },
  { name: 'securityHeaders', line: 'A106', title: 'Security headers are enabled', look: lookAtHeaders },
  { name: 'dependencies', line: 'A107', title: 'Dependencies are up to date', look: recordsOf('A107') },
  { name: 'firewall', line: 'A108', title: 'Firewall rules are in place', look: lookAtFirewall },
  { name: 'monitoring', line: 'A109', title: 'Monitoring and logging are configured', look: notBuilt('alerts') },
  { name: 'secretsOutOfSources', line: 'B70', title: 'All secrets in environment variables', look: lookAtSecretPlaces },
  { name: 'certificate', line: 'B71', title: 'SSL certificates configured', look: lookAtCertificate },
  { name: 'rateLimitingAtTheEdge', line: 'B72', title: 'Rate limiting enabled', look: lookAtEdgeLimit },
  { name: 'alerts', line: 'B73', title: 'Monitoring alerts set up', look: notBuilt('alerts') },
  {
    name: 'backups',
    line: 'B74',
    title: 'Backup strategy in place',
    look: notBuilt('backups and their restore tests'),
  },
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

function passed(evidence: string): Finding {
  return { passed: true, evidence };
}

function failed(evidence: string): Finding {
  return { passed: false, evidence };
}

/** What a later release brings: it is no use to look for it. */
function notBuilt(what: string) {
  return (): Finding => failed(`not built: ${what}`);
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

function lookAtSecrets({ mode, secretAges, ...facts }: SecurityFacts): Finding {
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
  const overdue = secretAges().filter(({ isOverdue }) => isOverdue);
  if (overdue.length > 0) {
    const told = overdue.map(({ name, ageDays }) => `${name} (${ageDays ?? 0} days)`).join(', ');
    return failed(
      `not changed for longer than SECRET_MAX_AGE_DAYS: ${told}; docs/SECRETS.md tells how to replace each`,
    );
  }
  return passed(`${secrets.length} secrets, none of them in the environment: ${secrets.map(describePlace).join(', ')}`);
}

function lookAtSecretPlaces(facts: SecurityFacts): Finding {
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
  return `0${(mode & 0o777).toString(8)}`;
}

async function lookAtTls(facts: SecurityFacts): Promise<Finding> {
  return withView(facts, ({ protocol, badHandshakes, plainAnswer, plainPage, headers }) => {
    const taken = badHandshakes.filter(({ isTaken }) => isTaken).map(({ what }) => what);
    if (taken.length > 0) return failed(`takes ${taken.join(' and ')}: see nginx/`);
    const unknown = badHandshakes.flatMap(({ what, failure }) => (failure === null ? [] : [`${what} (${failure})`]));
    if (unknown.length > 0)
      return failed(`nobody could see whether it takes ${unknown.join(' and ')}: look again, or see nginx/tls`);
    if (plainAnswer?.status === 429 || plainPage?.status === 429)
      return failed('plain text was answered with 429, which tells nothing: look again in a minute');
    if (plainAnswer !== null && !(plainAnswer.status === 403 && codeOf(plainAnswer.text) === 'HTTPS_REQUIRED'))
      return failed(
        `answers POST /graphql in plain text with ${plainAnswer.status}, not with 403 and HTTPS_REQUIRED: what was sent has been read on the way; refuse it as nginx/ does, or let nothing answer there`,
      );
    if (plainPage !== null && plainPage.status < 300)
      return failed(
        `answers GET /livez in plain text with ${plainPage.status}: let nothing but nginx be reached from outside`,
      );
    const hsts = headers['strict-transport-security']?.join() ?? '';
    if (hstsSeconds(hsts) < 31_536_000)
      return failed(`Strict-Transport-Security is "${hsts}": a year at least (max-age=31536000)`);
    const plain = plainAnswer === null ? 'is not answered' : 'is refused (403, HTTPS_REQUIRED)';
    return passed(
      `${protocol ?? 'TLS'}; refused: ${badHandshakes.map(({ what }) => what).join(', ')}; plain text ${plain}; ${hsts}`,
    );
  });
}

async function lookAtCertificate(facts: SecurityFacts): Promise<Finding> {
  return withView(facts, ({ certificateProblem, certificateEnds, certificateLeft }) => {
    if (certificateProblem !== null) return failed(`the certificate is not good: ${certificateProblem}`);
    const days = Math.floor(((certificateEnds?.getTime() ?? 0) - Date.now()) / dayMs);
    const left = `${days} days left, until ${certificateEnds?.toISOString().slice(0, 10) ?? 'nobody knows when'}`;
    return certificateLeft < minCertificateLeft
      ? failed(`less than a third of its life is left (${left}): renewal fails`)
      : passed(left);
  });
}

/** Those that the checklists name; nginx says them where the server says nothing. */
function isOfTheGuides(name: string): boolean {
  return (
    /^(strict-transport-security|content-security-policy|referrer-policy)$/.test(name) ||
    /^x-(frame-options|content-type-options|xss-protection)$/.test(name)
  );
}

async function lookAtHeaders(facts: SecurityFacts): Promise<Finding> {
  return withView(facts, (view) => judgeHeaders(view, Object.keys(facts.headers)));
}

/** Of these names each is to be there once, and to say what protects. */
function judgeHeaders(view: OutsideView, names: readonly string[]): Finding {
  const refusal = view.limit?.refusal ?? null;
  const seen = [
    { what: 'an answer', headers: view.headers, wanted: names },
    ...(refusal === null
      ? []
      : [{ what: `a refusal (${refusal.status})`, headers: refusal.headers, wanted: names.filter(isOfTheGuides) }]),
  ];
  const wrong = seen.flatMap(({ what, headers, wanted }) => {
    const missed = wanted.filter((name) => headers[name]?.length !== 1);
    const counted = missed.length > 0 ? [`not exactly once in ${what} of ${view.url}: ${missed.join(', ')}`] : [];
    const faulty = wanted.flatMap((name) =>
      (headers[name] ?? []).flatMap((value) => {
        const fault = faultOfHeader(name, value);
        return fault === null ? [] : [`${name} in ${what} of ${view.url} is "${value}": ${fault}`];
      }),
    );
    return [...counted, ...faulty];
  });
  if (wrong.length > 0) return failed(`${wrong.join('; ')}; see nginx/headers.conf`);
  return passed(`each once in ${seen.map(({ what }) => what).join(' and ')} of ${view.url}: ${names.join(', ')}`);
}

async function withView(facts: SecurityFacts, judge: (view: OutsideView) => Finding): Promise<Finding> {
  const view = await facts.outside();
  if (view === null)
    return failed('PUBLIC_URL is not set: set it to where clients reach this server, and it is looked at from there');
  return view.failure === null ? judge(view) : failed(`${view.url}: ${view.failure}`);
}

async function lookAtLimits({ tryLimit }: SecurityFacts): Promise<Finding> {
  const { asked, max, passed: through } = await tryLimit();
  const evidence = `of ${asked} calls at once a limit of ${max} let ${through} pass`;
  return { passed: through === max, evidence };
}

/** As a client sees it: refused in front of the server, in words that it can go by. */
async function lookAtEdgeLimit(facts: SecurityFacts): Promise<Finding> {
  return withView(facts, ({ limit }) => {
    if (limit === null) return failed('nobody could ask');
    const { asked, refusal, failure } = limit;
    if (refusal === null) {
      const reason = failure === null ? 'none was refused' : `no answer came (${failure})`;
      return failed(`of ${asked} requests at once ${reason}: limit_req in nginx/ refuses the 22nd with 429`);
    }
    const seen = `request ${asked} was answered with ${refusal.status}`;
    if (refusal.status !== 429) return failed(`${seen}, not with 429: see limit_req_status in nginx/`);
    if (codeOf(refusal.text) !== 'RATE_LIMITED')
      return failed(`${seen} without the code RATE_LIMITED: see @refusal in nginx/`);
    const wait = refusal.headers['retry-after'] ?? [];
    return wait.length === 1 && /^\d+$/.test(wait[0] ?? '')
      ? passed(`${seen}, RATE_LIMITED, Retry-After ${wait.join()}`)
      : failed(`${seen} without one Retry-After in seconds: see nginx/headers.conf`);
  });
}

/** Of a GraphQL error that comes without data; null where it is none. */
function codeOf(text: string): string | null {
  try {
    const { data, errors } = JSON.parse(text) as {
      readonly data?: object | null;
      readonly errors?: readonly { readonly extensions?: { readonly code?: string } }[];
    };
    return data === undefined || data === null ? (errors?.[0]?.extensions?.code ?? null) : null;
  } catch {
    return null;
  }
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
  if (userId === null) return failed('this system has no user ids to tell by');
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

/** How a leaked secret is known. `pattern` holds the secret in its group `secret`, or is the secret as a whole. */
export interface SecretRule {
  /** Words without which the pattern cannot match, in lower case: most texts are passed over by them. None: every text is searched. */
  readonly words: readonly string[];
  readonly pattern: RegExp;
  /** Where the pattern alone would find too much. */
  readonly isLikely?: (secret: string) => boolean;
}

/** Random text of base64 has about 5 bits a character at this length, names and sentences below 4. */
const likelyBitsPerCharacter = 3.6;
/** Random hex has at most 4. */
const likelyBitsPerHexCharacter = 3;

/** Shannon's entropy of the characters of a text, in bits a character. */
export function bitsPerCharacter(text: string): number {
  const counts = new Map<string, number>();
  for (const character of text) counts.set(character, (counts.get(character) ?? 0) + 1);
  let bits = 0;
  for (const count of counts.values()) bits -= (count / text.length) * Math.log2(count / text.length);
  return bits;
}

function looksRandom(text: string): boolean {
  if (/^[0-9a-f]+$/i.test(text))
    return bitsPerCharacter(text) >= likelyBitsPerHexCharacter && /\d/.test(text) && /[a-f]/i.test(text);
  return bitsPerCharacter(text) >= likelyBitsPerCharacter && /\d/.test(text) && /[a-z]/i.test(text);
}

/** What a lock file says of each package: a checksum, known to everybody. */
const checksum = /^sha(256-[\w+/-]{43}=|384-[\w+/-]{64}|512-[\w+/-]{86}==)$/;

/** Random text of both cases with digits all through it, as no name and no path is. */
function looksLikeKeyMaterial(text: string): boolean {
  if (checksum.test(text)) return false;
  const digits = text.replace(/\D/g, '').length;
  const capitals = text.replace(/[^A-Z]/g, '').length;
  const smalls = text.replace(/[^a-z]/g, '').length;
  const changes = Array.from(text).filter(
    (character, place) => place > 0 && kindOf(character) !== kindOf(text[place - 1] ?? ''),
  ).length;
  return bitsPerCharacter(text) >= 4.2 && digits >= 2 && capitals >= 5 && smalls >= 5 && changes >= text.length * 0.4;
}

function kindOf(character: string): string {
  if (/\d/.test(character)) return 'digit';
  if (/[A-Z]/.test(character)) return 'capital';
  return /[a-z]/.test(character) ? 'small' : 'sign';
}

/** What documents, templates and tests write where a secret would stand. */
function isPlaceholder(text: string): boolean {
  return /^[<$%{]|\$\{|\.\.\.|…|\*\*\*|x{4}|example|placeholder|change.?me|your[-_]|dummy|redacted/i.test(text);
}

/** Where tokens are asked for, and not one: a password in a URL has a rule of its own. */
function isAddress(text: string): boolean {
  return /^[a-z][a-z0-9+.-]*:\/\//i.test(text);
}

const word = '[A-Za-z0-9]';

export const secretRules = {
  'private-key': {
    words: ['private key'],
    pattern:
      /-----BEGIN (?:[A-Z]+ )*PRIVATE KEY(?: BLOCK)?-----[\s\\nr"'+]*(?<secret>[A-Za-z0-9+/=:\s\\nr,-]{60,}?)-----END/g,
  },
  'aws-access-key-id': { words: ['akia', 'asia'], pattern: /\b(?:AKIA|ASIA)[A-Z2-7]{16}\b/g },
  'aws-secret-access-key': {
    words: ['aws'],
    pattern: /aws.{0,30}(?:secret|key).{0,20}["'\s:=](?<secret>[A-Za-z0-9/+]{40})(?![A-Za-z0-9/+=])/gi,
    isLikely: looksRandom,
  },
  'github-token': {
    words: ['ghp_', 'gho_', 'ghu_', 'ghs_', 'ghr_', 'github_pat_'],
    pattern: /\b(?:gh[pousr]_[A-Za-z0-9]{36,}|github_pat_[A-Za-z0-9_]{60,})\b/g,
  },
  'gitlab-token': { words: ['glpat-'], pattern: /\bglpat-[\w-]{20,}/g },
  'npm-token': {
    words: ['npm_', '_authtoken'],
    pattern: /\bnpm_[A-Za-z0-9]{36}\b|_authToken\s*=\s*(?<secret>[\w.-]{20,})/g,
  },
  'slack-token': { words: ['xox'], pattern: /\bxox[abeoprs]-[A-Za-z0-9-]{20,}/g },
  'slack-webhook': {
    words: ['hooks.slack.com'],
    pattern: /hooks\.slack\.com\/services\/T\w{6,}\/B\w{6,}\/(?<secret>\w{20,})/g,
  },
  'discord-webhook': {
    words: ['/api/webhooks/'],
    pattern: /discord(?:app)?\.com\/api\/webhooks\/\d{15,}\/(?<secret>[\w-]{40,})/g,
  },
  'telegram-bot-token': { words: [':aa'], pattern: /\b\d{8,10}:AA[\w-]{33}(?![\w-])/g },
  'openai-key': {
    words: ['sk-'],
    pattern: /\bsk-(?:proj-|svcacct-|admin-|ant-[a-z0-9]+-)?[\w-]{32,}/g,
    isLikely: looksRandom,
  },
  'stripe-key': { words: ['sk_live_', 'rk_live_'], pattern: /\b[sr]k_live_[A-Za-z0-9]{20,}/g },
  'google-api-key': { words: ['aiza'], pattern: /\bAIza[\w-]{35}(?![\w-])/g },
  'google-oauth-secret': { words: ['gocspx-'], pattern: /\bGOCSPX-[\w-]{24,}/g },
  'sendgrid-key': { words: ['sg.'], pattern: /\bSG\.[\w-]{16,}\.[\w-]{32,}/g },
  'twilio-key': { words: ['sk'], pattern: new RegExp(`(?<!${word})SK[0-9a-f]{32}(?!${word})`, 'g') },
  'vault-token': { words: ['hvs.', 'hvb.', 'hvr.'], pattern: /\bhv[sbr]\.[\w-]{24,}/g },
  'age-secret-key': { words: ['age-secret-key-1'], pattern: /AGE-SECRET-KEY-1[0-9A-Z]{50,}/g },
  'wallet-key': { words: ['xprv', 'tprv'], pattern: /\b[xt]prv[1-9A-HJ-NP-Za-km-z]{100,}/g },
  'tickgate-api-key': { words: ['tg_'], pattern: /\btg_[\w-]{43}_[0-9a-f]{8}\b/g, isLikely: looksRandom },
  'json-web-token': { words: ['eyj'], pattern: /\beyJ[\w-]{10,}\.eyJ[\w-]{10,}\.[\w-]{20,}/g },
  'docker-registry-auth': { words: ['"auth"'], pattern: /"auth"\s*:\s*"(?<secret>[A-Za-z0-9+/]{20,}={0,2})"/g },
  'password-in-url': {
    words: ['://'],
    pattern: /\b[a-z][a-z0-9+.-]{1,20}:\/\/[^\s:@/'"`<>]*:(?<secret>[^\s@/'"`<>]{8,})@[^\s'"`]+/gi,
    isLikely: (secret) => !isPlaceholder(secret) && looksRandom(secret),
  },
  'authorization-header': {
    words: ['basic ', 'bearer '],
    pattern: /\b(?:Basic|Bearer)\s+(?<secret>[A-Za-z0-9+/._=-]{24,})/g,
    isLikely: (secret) => !isPlaceholder(secret) && looksLikeKeyMaterial(secret),
  },
  'named-secret': {
    words: ['secret', 'token', 'passw', 'api', 'private', 'credential', 'auth', 'key'],
    pattern:
      /(?:secret|token|passw(?:or)?d|pwd|api_?key|access_?key|private_?key|encryption_?key|audit_?key|credentials?|credential_keys|auth)\w{0,20}["'`]?\s*(?::|=|=>)\s*["'`](?<secret>[^\s"'`]{16,})["'`]/gi,
    isLikely: (secret) => !isPlaceholder(secret) && !isAddress(secret) && looksRandom(secret),
  },
  // NAME=value of shells and .env files, `name: value` of YAML.
  'plain-assignment': {
    words: ['secret', 'token', 'passw', 'key', 'credential'],
    pattern:
      /^\s*(?:-\s+|-e\s+|export\s+|ENV\s+|ARG\s+)?[\w.-]*(?:secret|token|password|passwd|keys?|credentials)\s*[:=]\s*(?<secret>[^\s"'`#$(){},;]{12,})\s*$/gim,
    isLikely: (secret) => !isPlaceholder(secret) && looksRandom(secret),
  },
  'random-text': {
    words: [],
    pattern: /(?<![\w+/=-])(?<secret>[A-Za-z0-9+/_-]{40,}={0,2})(?![\w+/=-])/g,
    isLikely: looksLikeKeyMaterial,
  },
} as const satisfies Readonly<Record<string, SecretRule>>;

export type SecretRuleName = keyof typeof secretRules;

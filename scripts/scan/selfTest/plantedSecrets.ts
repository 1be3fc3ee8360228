import { createHash } from 'node:crypto';
import type { SecretRuleName } from '../secretRules';

const digits = '0123456789';
const capitals = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ';
const smalls = capitals.toLowerCase();
const letters = capitals + smalls;
const alphabets = {
  hex: `${digits}abcdef`,
  base32: `${capitals}234567`,
  base58: (digits + letters).replace(/[0OIl]/g, ''),
  word: digits + letters,
  base64: `${digits}${letters}+/`,
  base64url: `${digits}${letters}-_`,
} as const;

let drawn = 0;

/**
 * Random text, the same in every run. It is made here and stands nowhere, or this file would be the first that the scan finds. Every kind of
 * character comes early, as it nearly always does in a real secret, so that chance does not decide whether one is found.
 */
function random(alphabet: keyof typeof alphabets, length: number): string {
  const characters = alphabets[alphabet];
  for (;;) {
    drawn += 1;
    const bytes = Array.from({ length: Math.ceil(length / 32) }, (_, block) =>
      createHash('sha256').update(`planted ${drawn} ${block}`).digest(),
    );
    const text = [...Buffer.concat(bytes).subarray(0, length)]
      .map((byte) => characters[byte % characters.length] ?? '')
      .join('');
    if (/\d/.test(text.slice(0, 12)) && /[a-z]/i.test(text.slice(0, 12))) return text;
  }
}

export interface PlantedSecret {
  readonly rule: SecretRuleName | 'secret-file';
  readonly file: string;
  readonly content: string | Buffer;
}

const pem = (kind: string): string => {
  const lines = Array.from({ length: 20 }, () => random('base64', 64)).join('\n');
  return `-----BEGIN ${kind}PRIVATE KEY-----\n${lines}\n-----END ${kind}PRIVATE KEY-----\n`;
};
const token = (): string =>
  [`{"alg":"RS256","kid":"${random('hex', 8)}"}`, `{"sub":"1","jti":"${random('hex', 16)}"}`]
    .map((part) => Buffer.from(part).toString('base64url'))
    .concat(random('base64url', 86))
    .join('.');

/** At least one for every rule, where such a secret is really met: in code, in settings, in notes, in what is no text. */
const examples: Readonly<Record<SecretRuleName, readonly [file: string, content: string | Buffer][]>> = {
  'private-key': [
    ['deploy/server.pem', pem('')],
    ['src/keys.ts', `export const key = ${JSON.stringify(pem('RSA '))};\n`],
    ['notes/id.txt', pem('OPENSSH ')],
  ],
  'aws-access-key-id': [['deploy/aws.ts', `const id = 'AKIA${random('base32', 16)}';\n`]],
  'aws-secret-access-key': [['deploy/aws.sh', `aws configure set aws_secret_access_key ${random('base64', 40)}\n`]],
  'github-token': [
    ['deploy/clone.sh', `git clone https://github.com/x/y # ghp_${random('word', 36)}\n`],
    ['notes/github.md', `Use github_pat_${random('word', 22)}_${random('word', 59)} until Friday.\n`],
  ],
  'gitlab-token': [['deploy/gitlab.txt', `glpat-${random('base64url', 20)}\n`]],
  'npm-token': [
    ['notes/npm.md', `npm_${random('word', 36)}\n`],
    ['packages/a/.npmrc', `//registry.example.com/:_authToken=${random('hex', 40)}\n`],
  ],
  'slack-token': [['src/slack.ts', `post('xoxb-${random('word', 12)}-${random('word', 24)}');\n`]],
  'slack-webhook': [
    [
      'src/alerts.yaml',
      `url: https://hooks.slack.com/services/T${random('word', 9)}/B${random('word', 9)}/${random('word', 24)}\n`,
    ],
  ],
  'discord-webhook': [
    ['src/discord.ts', `post('https://discord.com/api/webhooks/123456789012345678/${random('base64url', 68)}');\n`],
  ],
  'telegram-bot-token': [['src/telegram.ts', `bot('1234567890:AA${random('base64url', 33)}');\n`]],
  'openai-key': [
    ['src/model.ts', `ask('sk-proj-${random('word', 48)}');\n`],
    ['src/otherModel.ts', `ask('sk-ant-api03-${random('base64url', 80)}');\n`],
  ],
  'stripe-key': [['src/pay.ts', `pay('sk_live_${random('word', 24)}');\n`]],
  'google-api-key': [
    ['src/maps.html', `<script src="https://maps.example/js?key=AIza${random('base64url', 35)}"></script>\n`],
  ],
  'google-oauth-secret': [['notes/google.md', `GOCSPX-${random('base64url', 28)}\n`]],
  'sendgrid-key': [['src/mail.ts', `send('SG.${random('base64url', 22)}.${random('base64url', 43)}');\n`]],
  'twilio-key': [['src/call.ts', `call('SK${random('hex', 32)}');\n`]],
  'vault-token': [['deploy/vault.txt', `hvs.${random('base64url', 90)}\n`]],
  'age-secret-key': [['notes/backup.txt', `AGE-SECRET-KEY-1${random('base32', 58)}\n`]],
  'wallet-key': [['notes/wallet.txt', `xprv${random('base58', 107)}\n`]],
  'tickgate-api-key': [
    ['docs/bot.md', `curl -H 'authorization: Bearer tg_${random('base64url', 43)}_${random('hex', 8)}'\n`],
    // Notepad's "Unicode", and a file that is no text at all.
    ['notes/windows.txt', Buffer.from(`tg_${random('base64url', 43)}_${random('hex', 8)}\r\n`, 'utf16le')],
    [
      'assets/dump.bin',
      Buffer.concat([Buffer.from([0, 255, 254, 7]), Buffer.from(`tg_${random('base64url', 43)}_${random('hex', 8)}`)]),
    ],
  ],
  'json-web-token': [['test/session.ts', `signIn('${token()}');\n`]],
  'docker-registry-auth': [
    [
      'deploy/config.json',
      `{"auths":{"ghcr.io":{"auth": "${Buffer.from(`bot:${random('word', 20)}`).toString('base64')}"}}}\n`,
    ],
  ],
  'password-in-url': [
    ['deploy/database.yaml', `url: postgres://tickgate:${random('word', 16)}@db.internal:5432/tickgate\n`],
    ['src/redis.ts', `connect('redis://:${random('word', 24)}@10.0.0.7:6379');\n`],
  ],
  'authorization-header': [
    ['deploy/probe.sh', `curl -H 'Authorization: Basic ${random('base64', 48)}' https://tickgate.internal\n`],
  ],
  'named-secret': [
    ['src/exchange.ts', `const binance = { apiKey: 'public', secret: '${random('word', 64)}' };\n`],
    ['config/mexc.json', `{ "mexcSecretKey": "${random('hex', 32)}" }\n`],
    ['src/seal.ts', `const credentialKeys = "2026:${random('base64', 43)}=";\n`],
  ],
  'plain-assignment': [
    ['deploy/production.conf', `HOST=0.0.0.0\nAUDIT_KEY=${random('base64', 43)}=\n`],
    ['deploy/values.yaml', `tickgate:\n  databasePassword: ${random('word', 20)}\n`],
    ['deploy/compose.yaml', `environment:\n  - REDIS_PASSWORD=${random('hex', 32)}\n`],
  ],
  'random-text': [['src/constants.ts', `export const it = '${random('base64url', 43)}';\n`]],
};

const secretFiles = ['.env', '.env.production', 'deploy/id_ed25519', 'deploy/bot.p12', 'deploy/tls.key'];

export const plantedSecrets: readonly PlantedSecret[] = [
  ...Object.entries(examples).flatMap(([rule, places]) =>
    places.map(([file, content]): PlantedSecret => ({ rule: rule as SecretRuleName, file, content })),
  ),
  ...secretFiles.map((file): PlantedSecret => ({
    rule: 'secret-file',
    file,
    content: 'nothing that a rule would know\n',
  })),
];

/** What a commit or a tag says of itself is pushed as well. */
export const secretOfMessage = (): string => `Do not forget ghp_${random('word', 36)}`;

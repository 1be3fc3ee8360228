import type { Config } from './config';
import { productionChecks } from './productionChecks';

/** Sentences about settings that are right one by one and wrong together. */
export function crossChecks(config: Config): readonly string[] {
  const problems: string[] = [];
  if (config.http.port !== 0 && config.http.port === config.metrics.port) {
    problems.push(`PORT and METRICS_PORT are both ${config.http.port}: give each a port of its own.`);
  }
  problems.push(...mailProblems(config), ...sealingProblems(config));
  if (config.mode === 'production') problems.push(...productionChecks(config));
  return problems;
}

function sealingProblems({ credentials, vault }: Config): readonly string[] {
  if (vault !== null || !credentials.keys?.some((key) => 'transit' in key)) return [];
  return ['CREDENTIAL_KEYS names a key of Vault: set VAULT_ADDR, and how to sign in there (docs/SECRETS.md).'];
}

function mailProblems({ mail: { smtp, from } }: Config): readonly string[] {
  const problems: string[] = [];
  if (smtp !== null && from === null) {
    problems.push('SMTP_URL is set and MAIL_FROM is not: say which address the mails are from.');
  }
  if (smtp === null && from !== null) {
    problems.push('MAIL_FROM is set and SMTP_URL is not: say which server takes the mails, or leave both out.');
  }
  return problems;
}

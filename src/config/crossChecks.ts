import type { Config } from './config';
import type { ExchangeSettings } from './exchangeKeys';
import { isLoopback } from './loopback';

/** Sentences about settings that are right one by one and wrong together. */
export function crossChecks(config: Config): readonly string[] {
  const problems: string[] = [];
  if (config.http.port !== 0 && config.http.port === config.metrics.port) {
    problems.push(`PORT and METRICS_PORT are both ${config.http.port}: give each a port of its own.`);
  }
  problems.push(...mailProblems(config));
  if (config.mode === 'production') {
    if (config.exchanges.some((exchange) => exchange.id === 'simulator')) {
      problems.push('EXCHANGES names the simulator, which production refuses: name real exchanges.');
    }
    problems.push(...config.exchanges.flatMap(plainTextProblems));
  }
  return problems;
}

function mailProblems({ mode, mail }: Config): readonly string[] {
  const { smtp, from, resetPageUrl } = mail;
  const problems: string[] = [];
  if (smtp !== null && from === null) {
    problems.push('SMTP_URL is set and MAIL_FROM is not: say which address the mails are from.');
  }
  if (smtp === null && from !== null) {
    problems.push('MAIL_FROM is set and SMTP_URL is not: say which server takes the mails, or leave both out.');
  }
  if (mode === 'production' && resetPageUrl !== null && !isProtected(new URL(resetPageUrl))) {
    problems.push('PASSWORD_RESET_URL is not encrypted: production needs https://, except on loopback.');
  }
  return problems;
}

function plainTextProblems(exchange: ExchangeSettings): readonly string[] {
  return [exchange.restUrl, exchange.wsUrl].flatMap((url) =>
    url === null || isProtected(new URL(url))
      ? []
      : [
          `The address ${url} of ${exchange.id} is not encrypted: production needs https:// and wss://, except on loopback.`,
        ],
  );
}

function isProtected(url: URL): boolean {
  return ['https:', 'wss:'].includes(url.protocol) || isLoopback(url);
}

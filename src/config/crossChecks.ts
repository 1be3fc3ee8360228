import type { Config } from './config';
import type { ExchangeSettings } from './exchangeKeys';

const loopbackHosts = ['127.0.0.1', 'localhost', '[::1]'];

/** Sentences about settings that are right one by one and wrong together. */
export function crossChecks(config: Config): readonly string[] {
  const problems: string[] = [];
  if (config.http.port !== 0 && config.http.port === config.metrics.port) {
    problems.push(`PORT and METRICS_PORT are both ${config.http.port}: give each a port of its own.`);
  }
  if (config.mode === 'production') {
    if (config.exchanges.some((exchange) => exchange.id === 'simulator')) {
      problems.push('EXCHANGES names the simulator, which production refuses: name real exchanges.');
    }
    problems.push(...config.exchanges.flatMap(plainTextProblems));
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
  return ['https:', 'wss:'].includes(url.protocol) || loopbackHosts.includes(url.hostname);
}

import { createServer, type Server } from 'node:http';
import type { GraphqlServices } from '../graphql/context';
import type { HealthRegistry } from '../telemetry/health';
import type { Metrics } from '../telemetry/metrics';

interface Page {
  readonly status: number;
  readonly contentType: string;
  readonly text: string;
}

/**
 * For operators, on a port of its own, because it tells more than a stranger should know: GET /metrics in Prometheus' text format, and
 * GET /health, what each check says, 503 where one of them is not well; GET /security, the boxes of the checklists (`npm run doctor`).
 */
export function createMetricsServer({
  metrics,
  health,
  services,
}: {
  readonly metrics: Metrics;
  readonly health: HealthRegistry;
  readonly services: Pick<GraphqlServices, 'doctor'>;
}): Server {
  const pages: Readonly<Record<string, () => Promise<Page>>> = {
    '/metrics': async () => ({
      status: 200,
      contentType: metrics.registry.contentType,
      text: await metrics.registry.metrics(),
    }),
    '/health': async () => {
      const report = await health.report();
      const isWell = report.ready && report.states.every(({ healthy }) => healthy);
      return { status: isWell ? 200 : 503, contentType: 'application/json', text: JSON.stringify(report) };
    },
    '/security': async () => ({
      status: 200,
      contentType: 'application/json',
      text: JSON.stringify(await services.doctor.report()),
    }),
  };
  return createServer((request, response) => {
    const page = pages[request.url ?? ''];
    if (page === undefined || request.method !== 'GET') {
      response.writeHead(404).end();
      return;
    }
    page().then(
      ({ status, contentType, text }) => response.writeHead(status, { 'content-type': contentType }).end(text),
      () => response.writeHead(500).end(),
    );
  });
}

import { createServer, type Server } from 'node:http';
import type { Metrics } from '../telemetry/metrics';

/** GET /metrics in Prometheus' text format, on a port of its own: it tells more than a stranger should know. */
export function createMetricsServer(metrics: Metrics): Server {
  return createServer((request, response) => {
    if (request.url !== '/metrics' || request.method !== 'GET') {
      response.writeHead(404).end();
      return;
    }
    metrics.registry.metrics().then(
      (text) => response.writeHead(200, { 'content-type': metrics.registry.contentType }).end(text),
      () => response.writeHead(500).end(),
    );
  });
}

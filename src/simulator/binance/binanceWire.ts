import type { Venue } from '../engine/venue';
import type { Connection } from '../server/connection';
import type { Wire, WireRequest, WireResponse } from '../server/wire';
import { BinanceError } from './binanceError';
import type { Endpoint } from './endpoint';
import { marketDataEndpoints } from './marketData';
import { Parameters } from './parameters';
import { RequestWeights } from './requestWeights';
import { MarketSocket } from './streams/marketSocket';
import { openLiveStream } from './streams/marketStreams';
import type { Close, Sink } from './streams/stream';
import { StreamHub } from './streams/streamHub';

const restPrefixes = ['/api/', '/sapi/'];
const socketPaths = ['/ws', '/stream'];

export interface BinanceWireOptions {
  readonly venue: Venue;
  /** Request weight granted a minute. */
  readonly weightLimitPerMinute: number;
  /** Opens a stream by name, or gives null where nothing will ever come; by default from the venue's events. */
  readonly openStream?: (name: string, sink: Sink) => Close | null;
}

/** Binance spot: REST under /api/v3, market streams under /stream and /ws. */
export class BinanceWire implements Wire {
  readonly name = 'binance';
  private readonly endpoints: ReadonlyMap<string, Endpoint>;
  private readonly requestWeights: RequestWeights;
  private readonly hub: StreamHub;

  constructor(options: BinanceWireOptions) {
    const { venue, weightLimitPerMinute } = options;
    const endpoints = marketDataEndpoints(venue);
    this.endpoints = new Map(endpoints.map((endpoint) => [`${endpoint.method} ${endpoint.path}`, endpoint]));
    this.requestWeights = new RequestWeights({ limitPerMinute: weightLimitPerMinute, now: venue.now });
    this.hub = new StreamHub(options.openStream ?? ((name, sink) => openLiveStream(venue, name, sink)));
  }

  claims(path: string): boolean {
    if (restPrefixes.some((prefix) => path.startsWith(prefix))) return true;
    return socketPaths.some((prefix) => path === prefix || path.startsWith(`${prefix}/`));
  }

  respond(request: WireRequest): WireResponse {
    const call = `${request.method} ${request.path}`;
    const endpoint = this.endpoints.get(call);
    if (endpoint === undefined) return notFound(request.path);
    try {
      const parameters = new Parameters(request.query, request.body);
      const { weight } = endpoint;
      this.requestWeights.charge(call, typeof weight === 'number' ? weight : weight(parameters));
      return this.json(200, JSON.stringify(endpoint.handle(parameters)));
    } catch (error) {
      if (!(error instanceof BinanceError)) throw error;
      return this.json(error.status, error.toBody(), error.headers);
    }
  }

  connect(connection: Connection): void {
    new MarketSocket(connection, this.hub);
  }

  weights(): ReadonlyMap<string, number> {
    return this.requestWeights.totals();
  }

  stop(): void {
    this.hub.stop();
  }

  private json(status: number, body: string, headers: Readonly<Record<string, string>> = {}): WireResponse {
    const used = { 'x-mbx-used-weight-1m': String(this.requestWeights.usedInMinute) };
    return { status, body, headers: { ...used, ...headers } };
  }
}

function notFound(path: string): WireResponse {
  return {
    status: 404,
    contentType: 'text/html',
    body: `<html><head><title>404 Not Found</title></head><body>${path.replace(/[^\w/.-]/g, '')}</body></html>`,
  };
}

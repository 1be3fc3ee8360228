import type { Venue } from '../engine/venue';
import type { Connection } from '../server/connection';
import type { Wire, WireRequest, WireResponse } from '../server/wire';
import type { Endpoint } from './endpoint';
import { marketDataEndpoints } from './marketData';
import { MexcError, tooManyRequests } from './mexcError';
import { Parameters } from './parameters';
import { loadDefinitions } from './protobuf';
import { ChannelHub } from './streams/channelHub';
import { MarketSocket } from './streams/marketSocket';

/** MEXC's own paths are Binance's too, so that on a shared port they lie below this one. */
const basePath = '/mexc';
const socketPath = `${basePath}/ws`;
const policyViolation = 1008;

/** MEXC spot's public part: REST under /mexc/api/v3, channels under /mexc/ws. Clients are given the base URL with /mexc at its end. */
export class MexcWire implements Wire {
  readonly name = 'mexc';
  readonly refusals = { rateLimit: tooManyRequests, ban: tooManyRequests };
  private readonly endpoints: ReadonlyMap<string, Endpoint>;
  private readonly usedWeights = new Map<string, number>();
  private readonly hub: ChannelHub;

  constructor(venue: Venue) {
    this.endpoints = new Map(marketDataEndpoints(venue).map((endpoint) => [basePath + endpoint.path, endpoint]));
    const { PushDataV3ApiWrapper } = loadDefinitions();
    this.hub = new ChannelHub(venue, (message) => Buffer.from(PushDataV3ApiWrapper.encode(message).finish()));
  }

  claims(path: string): boolean {
    return path.startsWith(`${basePath}/`);
  }

  respond(request: WireRequest): WireResponse {
    const endpoint = request.method === 'GET' ? this.endpoints.get(request.path) : undefined;
    if (endpoint === undefined) return { status: 404, contentType: 'text/html', body: '<html>404 Not Found</html>' };
    try {
      const parameters = new Parameters(request.query);
      this.count(`${request.method} ${request.path}`, endpoint, parameters);
      return { status: 200, body: JSON.stringify(endpoint.handle(parameters)) };
    } catch (error) {
      if (!(error instanceof MexcError)) throw error;
      return { status: error.status, body: error.toBody() };
    }
  }

  connect(connection: Connection): void {
    if (connection.path === socketPath) new MarketSocket(connection, this.hub);
    else connection.close(policyViolation, `sockets are at ${socketPath}`);
  }

  weights(): ReadonlyMap<string, number> {
    return this.usedWeights;
  }

  stop(): void {
    this.hub.stop();
  }

  private count(call: string, { weight }: Endpoint, parameters: Parameters): void {
    const used = typeof weight === 'number' ? weight : weight(parameters);
    this.usedWeights.set(call, (this.usedWeights.get(call) ?? 0) + used);
  }
}

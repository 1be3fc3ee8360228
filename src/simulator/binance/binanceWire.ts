import type { Venue } from '../engine/venue';
import type { Connection } from '../server/connection';
import type { Wire, WireRequest, WireResponse } from '../server/wire';
import { BinanceError } from './binanceError';
import type { Endpoint, SignedEndpoint } from './endpoint';
import { marketDataEndpoints } from './marketData';
import { Parameters } from './parameters';
import { RequestWeights } from './requestWeights';
import { MarketSocket } from './streams/marketSocket';
import { openLiveStream } from './streams/marketStreams';
import type { Close, Sink } from './streams/stream';
import { StreamHub } from './streams/streamHub';
import { Authenticator, notPermitted } from './trading/authentication';
import type { PrivateApi } from './trading/privateApi';
import { tradingEndpoints } from './trading/tradingEndpoints';
import { UserDataSocket } from './trading/userDataSocket';

const restPrefixes = ['/api/', '/sapi/'];
const marketSocketPaths = ['/ws', '/stream'];
const apiSocketPath = '/ws-api/v3';

export interface BinanceWireOptions {
  readonly venue: Venue;
  /** Request weight granted a minute. */
  readonly weightLimitPerMinute: number;
  /** Opens a stream by name, or gives null where nothing will ever come; by default from the venue's events. */
  readonly openStream?: (name: string, sink: Sink) => Close | null;
  /** Accounts and orders; without them the signed calls do not exist. */
  readonly privateApi?: PrivateApi;
}

/** A call that is ready to be carried out. */
interface Call extends Omit<Endpoint, 'handle'> {
  readonly handle: (parameters: Parameters, request: WireRequest) => unknown;
}

/** Binance spot: REST under /api/v3 and /sapi/v1, market streams under /stream and /ws, account events under /ws-api/v3. */
export class BinanceWire implements Wire {
  readonly name = 'binance';
  readonly refusals = {
    rateLimit: '{"code":-1003,"msg":"Too many requests."}',
    ban: '{"code":-1003,"msg":"Way too many requests; IP banned."}',
  };
  private readonly calls: ReadonlyMap<string, Call>;
  private readonly authenticator: Authenticator;
  private readonly requestWeights: RequestWeights;
  private readonly hub: StreamHub;
  private readonly now: () => number;

  constructor(options: BinanceWireOptions) {
    const { venue, weightLimitPerMinute, privateApi } = options;
    this.now = venue.now;
    this.authenticator = new Authenticator(privateApi?.accounts ?? [], venue.now);
    const signed = privateApi === undefined ? [] : tradingEndpoints(privateApi);
    this.calls = new Map(
      [...marketDataEndpoints(venue), ...signed.map((endpoint) => this.guard(endpoint))].map((call) => [
        `${call.method} ${call.path}`,
        call,
      ]),
    );
    this.requestWeights = new RequestWeights({ limitPerMinute: weightLimitPerMinute, now: venue.now });
    this.hub = new StreamHub(options.openStream ?? ((name, sink) => openLiveStream(venue, name, sink)));
  }

  claims(path: string): boolean {
    if (restPrefixes.some((prefix) => path.startsWith(prefix)) || path === apiSocketPath) return true;
    return marketSocketPaths.some((prefix) => path === prefix || path.startsWith(`${prefix}/`));
  }

  respond(request: WireRequest): WireResponse {
    const call = `${request.method} ${request.path}`;
    const endpoint = this.calls.get(call);
    if (endpoint === undefined) return notFound(request.path);
    try {
      const parameters = new Parameters(request.query, request.body);
      const { weight } = endpoint;
      this.requestWeights.charge(call, typeof weight === 'number' ? weight : weight(parameters));
      return this.json(200, JSON.stringify(endpoint.handle(parameters, request)));
    } catch (error) {
      if (!(error instanceof BinanceError)) throw error;
      return this.json(error.status, error.toBody(), error.headers);
    }
  }

  connect(connection: Connection): void {
    if (connection.path === apiSocketPath)
      new UserDataSocket(connection, { authenticator: this.authenticator, now: this.now });
    else new MarketSocket(connection, this.hub);
  }

  weights(): ReadonlyMap<string, number> {
    return this.requestWeights.totals();
  }

  stop(): void {
    this.hub.stop();
  }

  private guard(endpoint: SignedEndpoint): Call {
    const handle: Call['handle'] = (parameters, request) => {
      const account = this.authenticator.authenticate(request);
      if (endpoint.needs === 'TRADE' && !account.identity.permissions.mayTrade) throw notPermitted();
      return endpoint.handle(parameters, account);
    };
    return { ...endpoint, handle };
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

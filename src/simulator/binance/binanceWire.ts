import type { Account } from '../engine/accounts/account';
import type { Venue } from '../engine/venue';
import type { Connection } from '../server/connection';
import type { Wire, WireRequest, WireResponse } from '../server/wire';
import { binanceWords } from './binanceError';
import { marketDataEndpoints } from './marketData';
import { RestApi } from './restApi';
import { MarketSocket, type SocketDialect } from './streams/marketSocket';
import { openLiveStream } from './streams/marketStreams';
import type { Close, Sink } from './streams/stream';
import { StreamHub } from './streams/streamHub';
import { parseStreamName } from './streams/streamName';
import { Authenticator } from './trading/authentication';
import type { PrivateApi } from './trading/privateApi';
import { tradingEndpoints } from './trading/tradingEndpoints';
import { UserDataSocket } from './trading/userDataSocket';

const restPrefixes = ['/api/', '/sapi/'];
const marketSocketPaths = ['/ws', '/stream'];
const apiSocketPath = '/ws-api/v3';
const dialect: SocketDialect = { isStream: (name) => parseStreamName(name) !== null, label: '' };

export interface BinanceWireOptions {
  readonly venue: Venue;
  /** Request weight granted a minute. */
  readonly weightLimitPerMinute: number;
  /** Opens a stream by name, or gives null where nothing will ever come; by default from the venue's events. */
  readonly openStream?: (name: string, sink: Sink) => Close | null;
  /** Accounts and orders; without them the signed calls do not exist. */
  readonly privateApi?: PrivateApi;
}

/** Binance spot: REST under /api/v3 and /sapi/v1, market streams under /stream and /ws, account events under /ws-api/v3. */
export class BinanceWire implements Wire {
  readonly name = 'binance';
  readonly words = binanceWords;
  private readonly rest: RestApi;
  private readonly authenticator: Authenticator;
  private readonly hub: StreamHub;

  constructor(private readonly options: BinanceWireOptions) {
    const { venue, privateApi } = options;
    this.authenticator = new Authenticator(privateApi?.accounts ?? null, venue.now);
    this.rest = new RestApi({
      ...options,
      now: venue.now,
      authenticator: this.authenticator,
      open: marketDataEndpoints(venue),
      signed: privateApi === undefined ? [] : tradingEndpoints(privateApi),
      keyed: [],
    });
    this.hub = new StreamHub(options.openStream ?? ((name, sink) => openLiveStream(venue, name, sink)));
  }

  claims(path: string): boolean {
    if (restPrefixes.some((prefix) => path.startsWith(prefix)) || path === apiSocketPath) return true;
    return marketSocketPaths.some((prefix) => path === prefix || path.startsWith(`${prefix}/`));
  }

  respond(request: WireRequest): WireResponse {
    return this.rest.respond(request);
  }

  /** Makes a signed call in an account's name without a signature. Throws BinanceError; null where there is no such call. */
  callAs(account: Account, call: { readonly method: string; readonly path: string; readonly query: string }): unknown {
    return this.rest.callAs(account, call);
  }

  connect(connection: Connection): void {
    if (connection.path === apiSocketPath) {
      new UserDataSocket(connection, { authenticator: this.authenticator, now: this.options.venue.now });
    } else new MarketSocket(connection, this.hub, dialect);
  }

  weights(): ReadonlyMap<string, number> {
    return this.rest.weights();
  }

  stop(): void {
    this.hub.stop();
  }
}

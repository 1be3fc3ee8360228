import type { Account } from '../../engine/accounts/account';
import type { AccountRegistry } from '../../engine/accounts/accountRegistry';
import type { Random } from '../../engine/random';
import type { Connection } from '../../server/connection';
import type { Wire, WireRequest, WireResponse } from '../../server/wire';
import { binanceWords } from '../binanceError';
import type { SignedEndpoint } from '../endpoint';
import { RestApi } from '../restApi';
import { MarketSocket, type SocketDialect } from '../streams/marketSocket';
import type { Close, Sink } from '../streams/stream';
import { StreamHub } from '../streams/streamHub';
import { Authenticator } from '../trading/authentication';
import { ListenKeys } from './listenKeys';
import { usdmAccountEndpoints } from './usdmAccount';
import type { UsdmApi, UsdmMarkets } from './usdmApi';
import { toUserEvent } from './userEvents';
import { usdmMarketDataEndpoints } from './usdmMarketData';
import { parseUsdmStream } from './usdmStreamName';
import { openUsdmStream } from './usdmStreams';
import { usdmTradingEndpoints } from './usdmTrading';

const label = 'fstream/';
/** Under this name faults and the control endpoint know the events of futures accounts. */
const userDataStream = `${label}userData`;
/** ccxt puts the kind of stream before the last part of the address that it was given. */
const socketPath =
  /^(?:\/fstream)?\/(?:public|market|private)\/(?:ws|stream)(?:\/|$)|^\/fstream\/(?:ws|stream)(?:\/|$)/;
const dialect: SocketDialect = { isStream: (name) => parseUsdmStream(name) !== null, label };
const policyViolation = 1008;

/** Binance USD-M futures: REST under /fapi, streams and account events under /fstream. */
export class UsdmWire implements Wire {
  readonly name = 'binance-usdm';
  readonly words = binanceWords;
  private readonly rest: RestApi;
  private readonly listenKeys: ListenKeys | null;
  private readonly hub: StreamHub;

  constructor(
    private readonly options: {
      readonly markets: UsdmMarkets;
      /** Accounts and orders; without them the signed calls do not exist. */
      readonly trading?: { readonly api: UsdmApi; readonly accounts: AccountRegistry; readonly random: Random };
      /** Opens a stream by name, or gives null where nothing will ever come; by default from the venue's events. */
      readonly openStream?: (name: string, sink: Sink) => Close | null;
      readonly weightLimitPerMinute: number;
    },
  ) {
    const { markets, trading } = options;
    const { now } = markets.venue;
    this.listenKeys = trading === undefined ? null : new ListenKeys({ random: trading.random, now });
    this.rest = new RestApi({
      ...options,
      now,
      authenticator: new Authenticator(trading?.accounts ?? null, now),
      open: usdmMarketDataEndpoints(markets),
      signed: trading === undefined ? [] : [...usdmTradingEndpoints(trading.api), ...usdmAccountEndpoints(trading.api)],
      keyed: this.listenKeys === null ? [] : listenKeyEndpoints(this.listenKeys),
    });
    this.hub = new StreamHub(options.openStream ?? ((name, sink) => openUsdmStream(markets, name, sink)));
  }

  claims(path: string): boolean {
    return path.startsWith('/fapi/') || socketPath.test(path);
  }

  respond(request: WireRequest): WireResponse {
    return this.rest.respond(request);
  }

  callAs(account: Account, call: { readonly method: string; readonly path: string; readonly query: string }): unknown {
    return this.rest.callAs(account, call);
  }

  connect(connection: Connection): void {
    const inPath = connection.path.split('/').at(-1) ?? '';
    const key = new URLSearchParams(connection.query).get('listenKey') ?? inPath;
    const owner = this.listenKeys?.account(key) ?? null;
    if (owner !== null) this.tellEvents(connection, owner);
    else if (connection.path.includes('/private/')) connection.close(policyViolation, 'Invalid listenKey');
    else new MarketSocket(connection, this.hub, dialect);
  }

  weights(): ReadonlyMap<string, number> {
    return this.rest.weights();
  }

  stop(): void {
    this.hub.stop();
  }

  private tellEvents(connection: Connection, owner: Account): void {
    const house = this.options.trading?.api.house;
    if (house === undefined) return;
    const account = house.accountOf(owner);
    connection.streams.add(userDataStream);
    const end = account.events.listen((event) => {
      connection.sendFrame(userDataStream, JSON.stringify(toUserEvent(account, event, house.marks.of)));
    });
    connection.on('close', end);
  }
}

function listenKeyEndpoints(keys: ListenKeys): readonly SignedEndpoint[] {
  const endpoint = (method: SignedEndpoint['method'], handle: (account: Account) => unknown): SignedEndpoint => ({
    method,
    path: '/fapi/v1/listenKey',
    weight: 1,
    needs: 'READ',
    handle: (_parameters, account) => handle(account),
  });
  return [
    endpoint('POST', (account) => ({ listenKey: keys.create(account) })),
    endpoint('PUT', (account) => ({ listenKey: keys.extend(account) })),
    endpoint('DELETE', (account) => {
      keys.close(account);
      return {};
    }),
  ];
}

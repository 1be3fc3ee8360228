import type { Account } from '../engine/accounts/account';
import type { Connection } from '../server/connection';
import type { Wire, WireRequest, WireResponse } from '../server/wire';
import { marketDataEndpoints } from './marketData';
import { tooManyRequests } from './mexcError';
import { MexcRest } from './mexcRest';
import { loadDefinitions, type PushMessage } from './protobuf';
import { ChannelHub } from './streams/channelHub';
import { MarketSocket } from './streams/marketSocket';
import { accountEndpoints } from './trading/accountEndpoints';
import { MexcAuthenticator } from './trading/authentication';
import { PrivateChannels } from './trading/privateChannels';
import type { PrivateApi } from './trading/privateApi';
import { tradingEndpoints } from './trading/tradingEndpoints';

/** MEXC's own paths are Binance's too, so that on a shared port they lie below this one. */
const basePath = '/mexc';
const socketPath = `${basePath}/ws`;
/** What MEXC says of anything that went wrong inside. */
const internalError = '{"code":500,"msg":"Internal error","_extend":null}';
const policyViolation = 1008;
const normalClosure = 1000;

/** MEXC spot: REST under /mexc/api/v3, channels under /mexc/ws. Clients are given the base URL with /mexc at its end. */
export class MexcWire implements Wire {
  readonly name = 'mexc';
  readonly words = {
    rateLimit: tooManyRequests,
    ban: tooManyRequests,
    unexpectedResponse: internalError,
    timeout: internalError,
  };
  private readonly rest: MexcRest;
  private readonly hub: ChannelHub;
  private readonly encode: (message: PushMessage) => Buffer;

  constructor(private readonly api: PrivateApi) {
    const { venue, accounts } = api;
    const authenticator = new MexcAuthenticator(accounts, venue.now);
    this.rest = new MexcRest({
      basePath,
      open: marketDataEndpoints(venue),
      signed: [...tradingEndpoints(api), ...accountEndpoints(api)],
      authenticate: (request, needs) => authenticator.authenticate(request, needs),
    });
    const { PushDataV3ApiWrapper } = loadDefinitions();
    this.encode = (message) => Buffer.from(PushDataV3ApiWrapper.encode(message).finish());
    this.hub = new ChannelHub(venue, this.encode);
  }

  claims(path: string): boolean {
    return path.startsWith(`${basePath}/`);
  }

  respond(request: WireRequest): WireResponse {
    return this.rest.respond(request);
  }

  /** Makes a signed call in an account's name without a signature. Throws MexcError; null where there is no such call. */
  callAs(account: Account, call: { readonly method: string; readonly path: string; readonly query: string }): unknown {
    return this.rest.callAs(account, call);
  }

  connect(connection: Connection): void {
    if (connection.path !== socketPath) {
      connection.close(policyViolation, `sockets are at ${socketPath}`);
      return;
    }
    const listenKey = new URLSearchParams(connection.query).get('listenKey');
    if (listenKey === null) new MarketSocket(connection, { hub: this.hub, private: null });
    else this.connectAccount(connection, listenKey);
  }

  weights(): ReadonlyMap<string, number> {
    return this.rest.weights();
  }

  stop(): void {
    this.hub.stop();
  }

  private connectAccount(connection: Connection, listenKey: string): void {
    const session = this.api.listenKeys.attach(listenKey, () => {
      connection.close(normalClosure, 'the listen key has ended');
    });
    if (session === null) {
      connection.sendReply('Invalid listen key');
      connection.close(policyViolation, 'the listen key is not valid');
      return;
    }
    const channels = new PrivateChannels(session.account, (header, body) => {
      connection.sendFrame(header.channel, this.encode({ ...header, ...body }));
    });
    connection.on('close', () => {
      channels.close();
      session.leave();
    });
    new MarketSocket(connection, { hub: this.hub, private: channels });
  }
}

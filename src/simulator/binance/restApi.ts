import type { EpochMs } from '../../domain/marketData';
import type { Account } from '../engine/accounts/account';
import type { WireRequest, WireResponse } from '../server/wire';
import { BinanceError } from './binanceError';
import type { Endpoint, SignedEndpoint } from './endpoint';
import { Parameters } from './parameters';
import { RequestWeights } from './requestWeights';
import { requirePermission, type Authenticator } from './trading/authentication';

/** A call that is ready to be carried out. */
interface Call extends Omit<Endpoint, 'handle'> {
  readonly handle: (parameters: Parameters, request: WireRequest) => unknown;
}

interface NamedCall {
  readonly method: string;
  readonly path: string;
}

/** Carries out REST calls as Binance does: weight, key, signature, permission, and its own words for what it refuses. */
export class RestApi {
  private readonly calls: ReadonlyMap<string, Call>;
  private readonly signed: ReadonlyMap<string, SignedEndpoint>;
  private readonly requestWeights: RequestWeights;

  constructor(options: {
    readonly now: () => EpochMs;
    /** Request weight granted a minute. */
    readonly weightLimitPerMinute: number;
    readonly authenticator: Authenticator;
    readonly open: readonly Endpoint[];
    readonly signed: readonly SignedEndpoint[];
    /** Calls that need a key and no signature. */
    readonly keyed: readonly SignedEndpoint[];
  }) {
    const { authenticator } = options;
    const guarded = [
      ...options.signed.map((endpoint) => guard(endpoint, (request) => authenticator.authenticate(request))),
      ...options.keyed.map((endpoint) => guard(endpoint, (request) => authenticator.identify(request))),
    ];
    this.calls = new Map([...options.open, ...guarded].map((call) => [nameOf(call), call]));
    this.signed = new Map(options.signed.map((endpoint) => [nameOf(endpoint), endpoint]));
    this.requestWeights = new RequestWeights({ limitPerMinute: options.weightLimitPerMinute, now: options.now });
  }

  respond(request: WireRequest): WireResponse {
    const call = nameOf(request);
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

  /** Makes a signed call in an account's name without a signature. Throws BinanceError; null where there is no such call. */
  callAs(account: Account, call: NamedCall & { readonly query: string }): unknown {
    const endpoint = this.signed.get(nameOf(call));
    return endpoint === undefined ? null : endpoint.handle(new Parameters(call.query), account);
  }

  weights(): ReadonlyMap<string, number> {
    return this.requestWeights.totals();
  }

  private json(status: number, body: string, headers: Readonly<Record<string, string>> = {}): WireResponse {
    const used = { 'x-mbx-used-weight-1m': String(this.requestWeights.usedInMinute) };
    return { status, body, headers: { ...used, ...headers } };
  }
}

function nameOf({ method, path }: NamedCall): string {
  return `${method} ${path}`;
}

function guard(endpoint: SignedEndpoint, authenticate: (request: WireRequest) => Account): Call {
  const handle: Call['handle'] = (parameters, request) => {
    const account = authenticate(request);
    requirePermission(account, endpoint.needs);
    return endpoint.handle(parameters, account);
  };
  return { ...endpoint, handle };
}

function notFound(path: string): WireResponse {
  return {
    status: 404,
    contentType: 'text/html',
    body: `<html><head><title>404 Not Found</title></head><body>${path.replace(/[^\w/.-]/g, '')}</body></html>`,
  };
}

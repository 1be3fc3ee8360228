import type { Account } from '../engine/accounts/account';
import type { WireRequest, WireResponse } from '../server/wire';
import type { Endpoint, SignedEndpoint } from './endpoint';
import { MexcError } from './mexcError';
import { Parameters } from './parameters';

/** A call that is ready to be carried out. */
interface Call extends Omit<Endpoint, 'handle'> {
  readonly handle: (parameters: Parameters, request: WireRequest) => unknown;
}

/** Carries out REST calls as MEXC does: key, signature, permission, and its own words for what it refuses. */
export class MexcRest {
  private readonly calls: ReadonlyMap<string, Call>;
  private readonly signed: ReadonlyMap<string, SignedEndpoint>;
  private readonly usedWeights = new Map<string, number>();

  constructor(options: {
    /** Lies before the path of every call. */
    readonly basePath: string;
    readonly open: readonly Endpoint[];
    readonly signed: readonly SignedEndpoint[];
    /** Says whose call it is. Throws MexcError. */
    readonly authenticate: (request: WireRequest, needs: SignedEndpoint['needs']) => Account;
  }) {
    const { basePath, open, signed, authenticate } = options;
    const nameOf = ({ method, path }: Pick<Call, 'method' | 'path'>): string => `${method} ${basePath}${path}`;
    const guarded = signed.map((endpoint): Call => {
      const handle: Call['handle'] = (parameters, request) =>
        endpoint.handle(parameters, authenticate(request, endpoint.needs));
      return { ...endpoint, handle };
    });
    this.calls = new Map([...open, ...guarded].map((call) => [nameOf(call), call]));
    this.signed = new Map(signed.map((endpoint) => [nameOf(endpoint), endpoint]));
  }

  respond(request: WireRequest): WireResponse {
    const name = `${request.method} ${request.path}`;
    const call = this.calls.get(name);
    if (call === undefined) return { status: 404, contentType: 'text/html', body: '<html>404 Not Found</html>' };
    try {
      const parameters = new Parameters(request.query);
      this.count(name, call, parameters);
      return { status: 200, body: JSON.stringify(call.handle(parameters, request)) };
    } catch (error) {
      if (!(error instanceof MexcError)) throw error;
      return { status: error.status, body: error.toBody() };
    }
  }

  /** Makes a signed call in an account's name without a signature. Throws MexcError; null where there is no such call. */
  callAs(account: Account, call: { readonly method: string; readonly path: string; readonly query: string }): unknown {
    return this.signed.get(`${call.method} ${call.path}`)?.handle(new Parameters(call.query), account) ?? null;
  }

  /** By "METHOD /path". */
  weights(): ReadonlyMap<string, number> {
    return this.usedWeights;
  }

  private count(name: string, { weight }: Call, parameters: Parameters): void {
    const used = typeof weight === 'number' ? weight : weight(parameters);
    this.usedWeights.set(name, (this.usedWeights.get(name) ?? 0) + used);
  }
}

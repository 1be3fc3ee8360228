import type { CcxtBookHooks, CcxtClass, CcxtClient, CcxtExchange, CcxtHooks, CcxtModule } from '../ccxtTypes';
import { readRecord, readText } from '../readNumbers';

/** The members of ccxt's mexc class that are overridden or called here. */
interface MexcAccountMembers extends CcxtExchange, CcxtHooks, CcxtBookHooks {
  readonly urls: { readonly api: { readonly ws: { readonly spot: string } } };
  /** Errors by MEXC's codes. */
  readonly exceptions: { readonly exact: Record<string, unknown> };
  /** Of the private streams, by wallet. */
  balance: Record<string, unknown>;
  authenticate(...args: readonly unknown[]): Promise<unknown>;
  watchSpotPrivate(channel: string, messageHash: string): Promise<unknown>;
  handleSubscriptionStatus(client: CcxtClient, message: unknown): void;
  keepAliveListenKey(listenKey: string): Promise<void>;
  delay(timeoutMs: number, method: unknown, ...args: readonly unknown[]): void;
  spotPrivatePostUserDataStream(): Promise<unknown>;
  spotPrivatePutUserDataStream(params: { readonly listenKey: string }): Promise<unknown>;
  spotPrivateDeleteUserDataStream(params: { readonly listenKey: string }): Promise<unknown>;
}

/** Source: MEXC spot v3, WebSocket user data streams. */
const channels = ['spot@private.orders.v3.api.pb', 'spot@private.deals.v3.api.pb', 'spot@private.account.v3.api.pb'];

/** A listen key is good for 60 minutes after its last extension: two of these may fail. */
const extendEveryMs = 20 * 60_000;

/** By what ccxt knows the one subscription to all channels, and its confirmation. */
const subscription = 'account channels';

/**
 * ccxt's mexc class subscribes to the three channels of an account one by one and does not look whether MEXC has confirmed them; it
 * extends the keys of sockets that are gone for as long as it lives (MEXC gives a user 60), and keeps the balances of a lost connection.
 * Here a session is one listen key, one socket and one subscription; the next begins where the socket is gone.
 */
export function refineMexcAccount(base: CcxtClass, ccxt: CcxtModule): CcxtClass {
  const parent = base as CcxtClass<MexcAccountMembers>;
  /** Channels that MEXC has confirmed on a socket. */
  const confirmed = new WeakMap<CcxtClient, Set<string>>();
  return class extends parent {
    #listenKey: string | null = null;
    #opening: Promise<string> | null = null;

    constructor(config: Readonly<Record<string, unknown>>) {
      super(config);
      // ccxt takes a key that is not known, or not good from this address, for a request that is malformed.
      for (const code of ['10072', '700006']) this.exceptions.exact[code] = ccxt.AuthenticationError;
    }

    /** Resolves when MEXC has confirmed every channel; at once where it has. */
    override async authenticate(): Promise<void> {
      const url = await this.#url();
      const client = this.clients[url];
      if (client !== undefined && confirmed.get(client)?.size === channels.length) return;
      await this.#watch(url, subscription);
    }

    override async watchSpotPrivate(_channel: string, messageHash: string): Promise<unknown> {
      return this.#watch(await this.#url(), messageHash);
    }

    override handleSubscriptionStatus(client: CcxtClient, message: unknown): void {
      const { msg } = readRecord(message, 'acknowledgement');
      const told = typeof msg === 'string' ? channels.filter((channel) => msg.includes(channel)) : [];
      if (typeof msg !== 'string' || told.length === 0) {
        super.handleSubscriptionStatus(client, message);
        return;
      }
      if (msg.startsWith('Not Subscribed')) {
        // The next call subscribes again.
        Reflect.deleteProperty(client.subscriptions, subscription);
        client.reject(new ccxt.NetworkError(`MEXC refuses ${told.join(', ')}`), subscription);
        return;
      }
      const known = confirmed.get(client) ?? new Set();
      confirmed.set(client, known);
      for (const channel of told) known.add(channel);
      if (known.size === channels.length) client.resolve(true, subscription);
    }

    override handleMessage(client: CcxtClient, message: unknown): void {
      // ccxt tells whoever waits and goes on with the socket, on which nothing will ever come.
      if (message === 'Invalid listen key') client.onError(new ccxt.NetworkError('the listen key is not valid'));
      else super.handleMessage(client, message);
    }

    /** A user has 60 keys: one that nobody listens with is given back. */
    override async close(): Promise<unknown> {
      const [closed] = await Promise.all([super.close(), this.#release()]);
      return closed;
    }

    /** Ends with its session. */
    override async keepAliveListenKey(listenKey: string): Promise<void> {
      if (!this.#isLive(listenKey)) return;
      try {
        await this.spotPrivatePutUserDataStream({ listenKey });
      } catch {
        // The next extension is still in time; a key that is gone ends the socket.
      }
      this.delay(extendEveryMs, this.keepAliveListenKey.bind(this), listenKey);
    }

    #watch(url: string, messageHash: string): Promise<unknown> {
      // Whichever call finds the socket first subscribes, once.
      return this.watch(url, messageHash, { method: 'SUBSCRIPTION', params: channels }, subscription);
    }

    async #url(): Promise<string> {
      if (this.#listenKey !== null && this.#isLive(this.#listenKey)) return this.#urlOf(this.#listenKey);
      this.#opening ??= this.#open().finally(() => {
        this.#opening = null;
      });
      return this.#urlOf(await this.#opening);
    }

    async #open(): Promise<string> {
      await this.#release();
      const answer = readRecord(await this.spotPrivatePostUserDataStream(), 'listen key');
      const listenKey = readText(answer.listenKey, 'listen key');
      this.balance = {};
      this.#listenKey = listenKey;
      // ccxt drops a client with its socket; this one is dialled by the first watch call.
      this.client(this.#urlOf(listenKey));
      this.delay(extendEveryMs, this.keepAliveListenKey.bind(this), listenKey);
      return listenKey;
    }

    /** Never rejects: a key of whose end MEXC does not hear ends by itself within the hour. */
    async #release(): Promise<void> {
      const listenKey = this.#listenKey;
      this.#listenKey = null;
      if (listenKey === null) return;
      try {
        await this.spotPrivateDeleteUserDataStream({ listenKey });
      } catch {
        // As above.
      }
    }

    #isLive(listenKey: string): boolean {
      return listenKey === this.#listenKey && this.#urlOf(listenKey) in this.clients;
    }

    #urlOf(listenKey: string): string {
      return `${this.urls.api.ws.spot}?listenKey=${listenKey}`;
    }
  };
}

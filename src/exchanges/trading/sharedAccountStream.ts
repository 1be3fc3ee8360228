import type { Logger } from '../../telemetry/logger';
import type { CcxtConnection } from '../ccxtConnection';
import type { AccountEvent, AccountUpstream, ExchangeBalance, ExchangePosition } from '../tradingPort';
import type { AccountMarkets } from './accountMarkets';
import type { AccountQuestions } from './accountQuestions';
import { AccountStream } from './accountStream';
import { describeFailure } from './classifySending';
import { readBalances } from './readBalances';
import type { TradingDifferences } from './tradingDifferences';
import { Refresher } from './refresher';

export interface SharedAccountStreamParts {
  readonly connection: CcxtConnection;
  readonly differences: TradingDifferences;
  readonly logger: Logger;
  readonly markets: AccountMarkets;
  readonly questions: AccountQuestions;
  /** All of them, over every wallet of the account. */
  readonly balances: () => Promise<readonly ExchangeBalance[]>;
  readonly positions: () => Promise<readonly ExchangePosition[]>;
}

interface Listener {
  readonly tell: (event: AccountEvent) => void;
}

/**
 * The private streams of an account, one a wallet, for all who listen to it. `connected` is told when every one of them is, and
 * `disconnected` as soon as one is not: then everything has to be asked again. Open while there is anyone.
 */
export class SharedAccountStream {
  readonly #listeners = new Set<Listener>();
  readonly #refreshers: Readonly<Record<'balances' | 'positions', Refresher>>;
  #streams: readonly AccountStream[] = [];
  /** Counts the openings: what belongs to one that was ended meanwhile is dropped. */
  #opening = 0;
  #isConnected = false;
  #leaveGate = (): void => undefined;

  constructor(private readonly parts: SharedAccountStreamParts) {
    const refresh = (ask: () => Promise<AccountEvent>): Refresher =>
      new Refresher(async () => {
        this.#tell(await ask());
      }, this.#complain.bind(this));
    this.#refreshers = {
      balances: refresh(async () => ({ type: 'balances', balances: await parts.balances() })),
      positions: refresh(async () => ({ type: 'positions', positions: await parts.positions() })),
    };
  }

  open(listener: (event: AccountEvent) => void): AccountUpstream {
    const entry = { tell: listener };
    this.#listeners.add(entry);
    if (this.#listeners.size === 1) this.#start();
    else if (this.#isConnected) this.#greet(entry);
    return {
      close: () => {
        this.#listeners.delete(entry);
        return this.#listeners.size === 0 ? this.#end() : Promise.resolve();
      },
    };
  }

  socketOpened(url: string): void {
    for (const stream of this.#streams) stream.socketOpened(url);
  }

  /** Nobody is told anything any more. */
  async close(): Promise<void> {
    this.#listeners.clear();
    await this.#end();
  }

  #start(): void {
    this.#opening += 1;
    const opening = this.#opening;
    this.#begin(opening).catch((error: unknown) => {
      if (opening !== this.#opening) return;
      this.#complain(error);
      const { gate } = this.parts.connection.surroundings;
      gate.failed();
      this.#leaveGate = gate.pass(() => {
        this.#start();
      });
    });
  }

  async #begin(opening: number): Promise<void> {
    const { markets, questions, differences } = this.parts;
    const wallets = await markets.wallets(differences.wallets);
    const exchange = await questions.exchange();
    if (opening !== this.#opening) return;
    this.#streams = wallets.map(
      (wallet) =>
        new AccountStream({
          ...this.parts,
          wallet,
          tell: this.#tell.bind(this),
          onChanged: (what, data) => {
            // What one wallet says of itself is not what the account has.
            if (wallets.length > 1) this.#refreshers[what].ask();
            else if (what === 'balances') this.#tell({ type: 'balances', balances: readBalances(data) });
          },
          onConnection: () => {
            this.#noteConnection();
          },
        }),
    );
    for (const stream of this.#streams) stream.start(exchange);
  }

  #noteConnection(): void {
    const isConnected = this.#streams.every((stream) => stream.isConnected);
    if (isConnected === this.#isConnected) return;
    this.#isConnected = isConnected;
    this.#tell({ type: isConnected ? 'connected' : 'disconnected' });
  }

  #tell(event: AccountEvent): void {
    for (const { tell } of [...this.#listeners]) tell(event);
  }

  /** After the return of `open`, as every other event. */
  #greet(entry: Listener): void {
    queueMicrotask(() => {
      if (this.#listeners.has(entry) && this.#isConnected) entry.tell({ type: 'connected' });
    });
  }

  #complain(error: unknown): void {
    this.parts.logger.warn({ reason: describeFailure(error) }, 'account stream cannot be told now');
  }

  /** Sockets that nobody listens to would be kept alive for nothing. Never rejects. */
  async #end(): Promise<void> {
    this.#opening += 1;
    this.#leaveGate();
    for (const stream of this.#streams) stream.close();
    for (const refresher of Object.values(this.#refreshers)) refresher.stop();
    this.#streams = [];
    this.#isConnected = false;
    await this.parts.connection.hangUp();
  }
}

import type { EpochMs } from '../../domain/marketData';
import type { Fill, OrderReport, PositionMode } from '../../domain/orders';
import type { CcxtConnection } from '../ccxtConnection';
import { readList, readRecord, readText, readTime } from '../readNumbers';
import type {
  AccountEvent,
  AccountUpstream,
  CancelOutcome,
  ExchangeBalance,
  ExchangePosition,
  ExchangeTransfer,
  ExecutedOrderReference,
  KeyPermissions,
  OrderReference,
  SendOutcome,
  TradingPort,
  Urgency,
} from '../tradingPort';
import type { AccountMarkets } from './accountMarkets';
import { AccountOrders } from './accountOrders';
import type { AccountQuestions } from './accountQuestions';
import { readHistory } from './history';
import { OrderSender } from './orderSender';
import { joinBalances, readBalances } from './readBalances';
import { readPosition } from './readPosition';
import type { SharedAccountStream } from './sharedAccountStream';
import type { NewOrder, TradingDifferences, Wallet } from './tradingDifferences';

export interface CcxtTradingPortParts {
  readonly exchange: string;
  readonly connection: CcxtConnection;
  readonly questions: AccountQuestions;
  readonly markets: AccountMarkets;
  readonly differences: TradingDifferences;
  readonly stream: SharedAccountStream;
  readonly clock: () => EpochMs;
  readonly answerTimeoutMs: number;
}

/** One account at an exchange, through ccxt. Every request is sent once; what cannot be known is called unknown. */
export class CcxtTradingPort implements TradingPort {
  readonly exchange: string;
  readonly #sender: OrderSender;
  readonly #orders: AccountOrders;

  constructor(private readonly parts: CcxtTradingPortParts) {
    this.exchange = parts.exchange;
    this.#sender = new OrderSender(parts);
    this.#orders = new AccountOrders(parts);
  }

  placeOrder(order: NewOrder): Promise<SendOutcome> {
    return this.#sender.place(order);
  }

  cancelOrder(reference: OrderReference): Promise<CancelOutcome> {
    return this.#orders.cancel(reference);
  }

  findOrder(reference: OrderReference | ExecutedOrderReference): Promise<OrderReport | null> {
    return this.#orders.find(reference);
  }

  openOrders(symbol: string | null, urgency?: Urgency): Promise<readonly OrderReport[]> {
    return this.#orders.open(symbol, urgency);
  }

  ordersSince(symbol: string, since: EpochMs, urgency?: Urgency): Promise<readonly OrderReport[]> {
    return this.#orders.since(symbol, since, urgency);
  }

  async fillsSince(symbol: string, since: EpochMs, urgency?: Urgency): Promise<readonly Fill[]> {
    const { markets, questions, differences, clock } = this.parts;
    const market = await markets.get(symbol);
    const limits = differences.fillHistory;
    const fills = await readHistory({ since, now: clock(), limits }, (from, until) =>
      questions.ask(
        async (exchange) => {
          const params = differences.historyParams(from, until);
          const rows = readList(await exchange.fetchMyTrades(symbol, undefined, limits.rows, params), 'trades');
          return rows.map((row) => differences.readFill(row, market));
        },
        { urgency },
      ),
    );
    return fills.toSorted((a, b) => a.exchangeTime - b.exchangeTime);
  }

  async balances(): Promise<readonly ExchangeBalance[]> {
    return readAllBalances(this.parts);
  }

  async positions(): Promise<readonly ExchangePosition[]> {
    return readAllPositions(this.parts);
  }

  async transfersSince(since: EpochMs): Promise<readonly ExchangeTransfer[]> {
    const { markets, questions, differences, clock } = this.parts;
    const wallets = await markets.wallets(differences.wallets);
    const symbolOf = (exchangeId: string): string | null => markets.symbolOfSwap(exchangeId);
    return differences.transfers({ questions, wallets, since, now: clock(), symbolOf });
  }

  async positionMode(): Promise<PositionMode> {
    if (!(await this.#hasSwaps())) return 'ONE_WAY';
    return this.parts.questions.ask(async (exchange) => {
      const { hedged } = readRecord(await exchange.fetchPositionMode(), 'position mode');
      return hedged === true ? 'HEDGE' : 'ONE_WAY';
    });
  }

  keyPermissions(): Promise<KeyPermissions> {
    const { questions, differences } = this.parts;
    return questions.ask((exchange) => differences.keyPermissions(exchange));
  }

  exchangeAccount(): Promise<string | null> {
    const { questions, differences } = this.parts;
    return questions.ask((exchange) => differences.exchangeAccount(exchange));
  }

  async clockSkewMs(): Promise<number> {
    const { questions, clock } = this.parts;
    return questions.ask(async (exchange) => {
      const before = clock();
      const theirs = readTime(await exchange.fetchTime(), 'server time');
      const after = clock();
      // Their moment lies between ours: only what is outside of both is proven, however slow the answer.
      const skewMs = before > theirs ? before - theirs : Math.min(0, after - theirs);
      // Questions and cancels are signed by the exchange's clock from here on, rather late than early: it takes what is some seconds
      // old and nothing that is ahead. An order is signed by the time that was written down for it.
      exchange.options.timeDifference = after - theirs;
      return skewMs;
    });
  }

  watch(listener: (event: AccountEvent) => void): AccountUpstream {
    return this.parts.stream.open(listener);
  }

  async close(): Promise<void> {
    await this.parts.stream.close();
    await this.parts.connection.destroy();
  }

  async #hasSwaps(): Promise<boolean> {
    const { markets, differences } = this.parts;
    return (await markets.wallets(differences.wallets)).includes('swap');
  }
}

type Asking = Pick<CcxtTradingPortParts, 'markets' | 'questions' | 'differences'>;

/** Over all wallets of the account: what lies in the one for swaps is the same money. */
export async function readAllBalances({
  markets,
  questions,
  differences,
}: Asking): Promise<readonly ExchangeBalance[]> {
  const wallets: readonly Wallet[] = await markets.wallets(differences.wallets);
  const answers = wallets.map((type) =>
    questions.ask(async (exchange) => readBalances(await exchange.fetchBalance({ type }))),
  );
  return joinBalances(await Promise.all(answers));
}

export async function readAllPositions({
  markets,
  questions,
  differences,
}: Asking): Promise<readonly ExchangePosition[]> {
  if (!(await markets.wallets(differences.wallets)).includes('swap')) return [];
  return questions.ask(async (exchange) =>
    readList(await exchange.fetchPositions(undefined, { type: 'swap' }), 'positions').flatMap((row) => {
      const market = markets.find(readText(readRecord(row, 'position').symbol, 'symbol'));
      return market === null ? [] : (readPosition(row, market) ?? []);
    }),
  );
}

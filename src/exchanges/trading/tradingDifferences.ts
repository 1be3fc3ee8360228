import type { EpochMs } from '../../domain/marketData';
import type { Fill, OrderReport, OrderTerms } from '../../domain/orders';
import type { CcxtAccountExchange, CcxtClass, CcxtModule } from '../ccxtTypes';
import type { AccountQuestions } from './accountQuestions';
import type { RefusalRule } from './refusalRule';
import type { ExchangeTransfer, KeyPermissions } from '../tradingPort';

export interface NewOrder {
  readonly clientOrderId: string;
  readonly terms: OrderTerms;
  readonly signedAt: EpochMs;
}

/** ccxt's arguments of `createOrder`. */
export interface OrderCall {
  readonly type: string;
  readonly amount: string | undefined;
  readonly price: string | undefined;
  readonly params: Readonly<Record<string, unknown>>;
}

/** What an answer about orders or trades is read with. */
export interface AccountMarket {
  readonly symbol: string;
  /** What the exchange calls it. */
  readonly exchangeId: string;
  readonly isSwap: boolean;
  /** Base units a contract; "1" of spot. */
  readonly contractSize: string;
}

/** A kind of account behind one key, as ccxt names it. */
export type Wallet = 'spot' | 'swap';

/** A list that an exchange keeps apart from others, with ids of its own. */
export interface OrderList {
  readonly params: Readonly<Record<string, unknown>>;
  /** Parameters that name an order by our id. */
  named(clientOrderId: string): Readonly<Record<string, unknown>>;
}

/** How the private stream of a wallet is known. */
export interface StreamSession {
  /** Of its socket. */
  readonly url: RegExp;
  /** What proves that nothing is missed from then on: the answer to a subscription, or that the socket is open. */
  readonly confirmedBy: 'answer' | 'opening';
  /** After a failure: what ccxt remembers of the session may be void. */
  forget(exchange: CcxtAccountExchange): void;
}

export interface TransferQuestion {
  readonly questions: AccountQuestions;
  readonly wallets: readonly Wallet[];
  readonly since: EpochMs;
  readonly now: EpochMs;
  /** Of a swap, by the exchange's name of it. */
  readonly symbolOf: (exchangeId: string) => string | null;
}

/** Which windows of time an exchange lets its history be asked in, and how much one answer holds. */
export interface HistoryLimits {
  readonly windowMs: number;
  /** What is older is not told any more; null where everything is. */
  readonly reachMs: number | null;
  readonly rows: number;
}

/** All in which trading at one exchange is not like trading at the others. */
export interface TradingDifferences {
  /** ccxt's options for signed calls, laid over those of the market data. */
  readonly options: Readonly<Record<string, unknown>>;
  /** Overrides of the private half of ccxt's class. */
  refine(base: CcxtClass, ccxt: CcxtModule): CcxtClass;
  readonly wallets: readonly Wallet[];
  /** Null where the exchange does not take such an order: then nothing is sent. */
  orderCall(terms: OrderTerms, market: AccountMarket): OrderCall | null;
  /** Where an order may stand, the likelier first; whatever executes stands in the first. */
  orderLists(isSwap: boolean): readonly OrderList[];
  /** First match counts. What is not listed leaves the outcome unknown. */
  readonly refusals: readonly RefusalRule[];
  /** Codes by which the exchange says that it has no such order, or no such open order. */
  readonly noSuchOrder: readonly string[];
  /** Reads ccxt's order structure. Throws BadMarketData. */
  readOrder(value: unknown, market: AccountMarket): OrderReport;
  /** Reads the answer to a question about one order, or to its cancellation; null where it says no more than yes. */
  readAnswer(value: unknown, market: AccountMarket): OrderReport | null;
  /** Reads ccxt's trade structure of an own trade. Throws BadMarketData. */
  readFill(value: unknown, market: AccountMarket): Fill;
  /** Reads the answer to a new order. Throws BadMarketData. */
  readPlaced(value: unknown, order: NewOrder, market: AccountMarket): OrderReport;
  readonly orderHistory: HistoryLimits;
  readonly fillHistory: HistoryLimits;
  /** Both ends included. */
  historyParams(from: EpochMs, until: EpochMs): Readonly<Record<string, unknown>>;
  session(wallet: Wallet): StreamSession;
  /** Oldest first. */
  transfers(question: TransferQuestion): Promise<readonly ExchangeTransfer[]>;
  keyPermissions(exchange: CcxtAccountExchange): Promise<KeyPermissions>;
  /** What the exchange calls the account behind the key; null where it does not tell. */
  exchangeAccount(exchange: CcxtAccountExchange): Promise<string | null>;
}

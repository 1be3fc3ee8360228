import { AppError } from '../../errors/appError';
import type { Market } from '../../domain/market';
import type { CcxtExchange } from '../ccxtTypes';
import type { MarketList } from '../marketList';
import { readRecord, readText } from '../readNumbers';
import type { AccountQuestions } from './accountQuestions';
import type { AccountMarket, Wallet } from './tradingDifferences';

/** The markets of an account's exchange, as orders and trades are read with them. */
export class AccountMarkets {
  #known: ReadonlyMap<string, Market> = new Map();

  #exchange: CcxtExchange | null = null;

  constructor(
    private readonly list: MarketList,
    private readonly questions: AccountQuestions,
  ) {}

  /** Asks at first use; rejects with EXCHANGE_UNAVAILABLE or EXCHANGE_RATE_LIMITED while nothing is known. */
  async load(): Promise<void> {
    this.#known = await this.list.read();
    this.#exchange = await this.questions.exchange();
  }

  /** Of what was loaded. */
  find(symbol: string): AccountMarket | null {
    const market = this.#known.get(symbol);
    if (market === undefined || this.#exchange === null) return null;
    const exchangeId = readText(readRecord(this.#exchange.market(symbol), 'market').id, 'market id');
    return { symbol, exchangeId, isSwap: market.type === 'SWAP', contractSize: market.contractSize ?? '1' };
  }

  /** Of what was loaded. */
  symbolOfSwap(exchangeId: string): string | null {
    const swaps = [...this.#known.values()].filter((market) => market.type === 'SWAP');
    return swaps.find(({ symbol }) => this.find(symbol)?.exchangeId === exchangeId)?.symbol ?? null;
  }

  /** Throws MARKET_NOT_FOUND. */
  async get(symbol: string): Promise<AccountMarket> {
    await this.load();
    const market = this.find(symbol);
    if (market === null) throw new AppError('MARKET_NOT_FOUND');
    return market;
  }

  /** Those of `offered` that hold anything here: without swaps, nobody is asked about them. */
  async wallets(offered: readonly Wallet[]): Promise<readonly Wallet[]> {
    await this.load();
    const hasSwaps = [...this.#known.values()].some((market) => market.type === 'SWAP');
    return offered.filter((wallet) => wallet !== 'swap' || hasSwaps);
  }
}

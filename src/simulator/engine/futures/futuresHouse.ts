import type { EpochMs } from '../../../domain/marketData';
import type { Account, Transfer } from '../accounts/account';
import type { Random } from '../random';
import type { SimulatedMarket } from '../simulatedMarket';
import { formatUnits } from '../units';
import { AlgoDesk } from './algoDesk';
import { fundingIntervalMs, marginAsset } from './contracts';
import { FuturesAccount } from './futuresAccount';
import { FuturesDesk } from './futuresDesk';
import { marginState } from './margin';
import { largestMarketLots } from './futuresRules';
import { MarkPrices } from './markPrices';
import type { Position } from './position';

/** In units of 1e-8: 0.01 %. */
export const defaultFundingRate = 10_000n;
const rateUnit = 100_000_000n;

/** A funding that has taken place. */
export interface Funding {
  readonly symbol: string;
  /** In units of 1e-8. */
  readonly rate: bigint;
  readonly markPrice: bigint;
  readonly time: EpochMs;
}

/** The futures exchange behind its wire: accounts, orders, mark prices, funding and liquidation. */
export class FuturesHouse {
  readonly marks: MarkPrices;
  readonly desk: FuturesDesk;
  readonly algos: AlgoDesk;
  readonly fundings: Funding[] = [];
  nextFundingAt: EpochMs;
  private readonly accounts = new Map<Account, FuturesAccount>();
  private readonly unsettled = new Set<SimulatedMarket>();

  constructor(
    private readonly options: {
      readonly markets: ReadonlyMap<string, SimulatedMarket>;
      readonly random: Random;
      readonly now: () => EpochMs;
    },
  ) {
    this.marks = new MarkPrices(options.markets);
    const parts = { ...options, marks: this.marks };
    this.desk = new FuturesDesk(parts);
    this.algos = new AlgoDesk({ ...parts, desk: this.desk });
    this.nextFundingAt = nextFunding(options.now());
    for (const market of options.markets.values()) {
      market.listen((event) => {
        if (event.kind === 'top') this.markMayHaveMoved(market);
      });
    }
  }

  get markets(): ReadonlyMap<string, SimulatedMarket> {
    return this.options.markets;
  }

  readonly now = (): EpochMs => this.options.now();

  accountOf(account: Account): FuturesAccount {
    const found = this.accounts.get(account) ?? new FuturesAccount(account.identity);
    this.accounts.set(account, found);
    return found;
  }

  /** Moves margin in or out from outside; false where there is not as much free. A drift is told to nobody. */
  transfer(account: FuturesAccount, amount: bigint, reason: Transfer['reason']): boolean {
    const time = this.now();
    if (marginState(account, this.marks.of).available + amount < 0n) return false;
    account.transfers.push({ asset: marginAsset, amount, reason, time });
    if (reason === 'drift') {
      account.wallet += amount;
      return true;
    }
    account.earn({ type: 'TRANSFER', symbol: null, amount, tradeId: null, time });
    const told = amount > 0n ? 'DEPOSIT' : 'WITHDRAW';
    account.events.emit({ kind: 'account', reason: told, change: amount, positions: [], time });
    return true;
  }

  /** Fixes a mark price, or lets it follow the book again; what follows from it happens at once. */
  fixMark(market: SimulatedMarket, price: bigint | null): void {
    this.marks.fix(market.spec.id, price);
    this.markMayHaveMoved(market);
  }

  /** Lets time pass: funding that is due takes place. */
  tick(): void {
    const now = this.now();
    if (now < this.nextFundingAt) return;
    for (const market of this.markets.values()) this.fund(market, defaultFundingRate, this.nextFundingAt);
    this.nextFundingAt = nextFunding(now);
  }

  /** Longs pay shorts so much of their notional at the mark price; below zero, shorts pay longs. rate: in units of 1e-8. */
  fund(market: SimulatedMarket, rate: bigint, time: EpochMs): void {
    const symbol = market.spec.id;
    const markPrice = this.marks.of(symbol);
    this.fundings.push({ symbol, rate, markPrice, time });
    for (const account of this.accounts.values()) {
      for (const position of account.positions) {
        if (position.spec.id !== symbol || position.lots === 0) continue;
        const amount = -(position.notional(markPrice) * rate) / rateUnit;
        account.earn({ type: 'FUNDING_FEE', symbol, amount, tradeId: null, time });
        account.events.emit({ kind: 'account', reason: 'FUNDING_FEE', change: amount, positions: [position], time });
      }
    }
    this.markMayHaveMoved(market);
  }

  /** Once for all that happens in one go, after it has happened. */
  private markMayHaveMoved(market: SimulatedMarket): void {
    if (this.unsettled.has(market)) return;
    this.unsettled.add(market);
    queueMicrotask(() => {
      this.unsettled.delete(market);
      this.algos.followMark(market);
      for (const account of this.accounts.values()) this.liquidateIfDue(account);
    });
  }

  private liquidateIfDue(account: FuturesAccount): void {
    const held = account.positions.filter(({ lots }) => lots !== 0);
    if (held.length === 0) return;
    const { balance, maintenance } = marginState(account, this.marks.of);
    if (balance > maintenance) return;
    for (const order of account.openOrders(null)) this.desk.cancel(account, order);
    for (const position of held) this.close(account, position);
    const isFlat = account.positions.every(({ lots }) => lots === 0);
    if (isFlat && account.wallet < 0n) this.insure(account);
  }

  private close(account: FuturesAccount, position: Position): void {
    const market = this.markets.get(position.spec.id);
    const side = position.lots > 0 ? 'SELL' : 'BUY';
    const available = market?.engine.availableLots(side, null, Math.abs(position.lots)) ?? 0;
    const lots = Math.min(Math.abs(position.lots), largestMarketLots(position.spec));
    // What nobody takes, or is more than one order may be, follows when the market has moved on.
    if (market === undefined || available === 0) return;
    this.desk.place(market, account, {
      side,
      type: 'LIQUIDATION',
      timeInForce: 'IOC',
      price: null,
      amount: formatUnits(lots, position.spec.amountDecimals),
      positionSide: position.side,
      isReduceOnly: position.side === 'BOTH',
      clientOrderId: `autoclose-${market.nextOrderId()}`,
      algo: null,
    });
  }

  /** What a liquidation could not cover is paid by the exchange's insurance fund. */
  private insure(account: FuturesAccount): void {
    const time = this.now();
    const change = -account.wallet;
    account.earn({ type: 'INSURANCE_CLEAR', symbol: null, amount: change, tradeId: null, time });
    account.events.emit({ kind: 'account', reason: 'INSURANCE_CLEAR', change, positions: [], time });
  }
}

/** When funding takes place next. */
export function nextFunding(now: EpochMs): EpochMs {
  return (Math.floor(now / fundingIntervalMs) + 1) * fundingIntervalMs;
}

import { costOf, moneyDecimals } from '../accounts/money';
import { brackets, type Bracket } from './contracts';
import type { FuturesAccount } from './futuresAccount';
import { closesPart, signed, type FuturesOrder } from './futuresOrder';
import type { Position, PositionSide } from './position';

const unit = 10n ** BigInt(moneyDecimals);
const wholeInBps = 10_000n;

/** Gives a contract's mark price in money units for one base unit. */
export type MarkPrice = (symbol: string) => bigint;

/** An order's part in the margin, where it would make a position larger. */
export type Demand = Pick<FuturesOrder, 'spec' | 'side' | 'positionSide'> & { readonly notional: bigint };

export interface MarginState {
  readonly unrealized: bigint;
  readonly positionInitial: bigint;
  readonly openOrderInitial: bigint;
  readonly maintenance: bigint;
  /** Wallet and unrealized profit. */
  readonly balance: bigint;
  /** What new orders may take; never below zero. */
  readonly available: bigint;
}

/** Margin of a whole account, cross. Money units. */
export function marginState(account: FuturesAccount, mark: MarkPrice): MarginState {
  const open = account.positions.filter(({ lots }) => lots !== 0);
  const unrealized = sum(open.map((position) => position.unrealized(mark(position.spec.id))));
  const positionInitial = sum(open.map((position) => initialMargin(account, position, mark)));
  const maintenance = sum(open.map((position) => maintenanceMargin(position.notional(mark(position.spec.id)))));
  const total = sum([...required(account, mark, null).values()]);
  const balance = account.wallet + unrealized;
  const free = balance - total;
  const openOrderInitial = total - positionInitial;
  return { unrealized, positionInitial, openOrderInitial, maintenance, balance, available: free > 0n ? free : 0n };
}

export function initialMargin(account: FuturesAccount, position: Position, mark: MarkPrice): bigint {
  return absolute(position.notional(mark(position.spec.id))) / BigInt(account.leverage(position.spec.id));
}

/** True where an account can carry one more order: it needs no more margin than before, or no more than there is. */
export function canCarry(account: FuturesAccount, mark: MarkPrice, demand: Demand): boolean {
  const before = sum([...required(account, mark, null).values()]);
  const after = sum([...required(account, mark, demand).values()]);
  const unrealized = sum(account.positions.map((position) => position.unrealized(mark(position.spec.id))));
  return after <= before || after <= account.wallet + unrealized;
}

/**
 * At which mark price a position would be liquidated while all others stay as they are; null where no price does it.
 * Source: Binance, "How to calculate liquidation price of USDⓈ-M futures contracts", cross margin.
 */
export function liquidationPrice(account: FuturesAccount, position: Position, mark: MarkPrice): bigint | null {
  if (position.lots === 0) return null;
  const others = account.positions.filter((other) => other !== position && other.lots !== 0);
  const spare = others.reduce((left, other) => {
    const price = mark(other.spec.id);
    return left + other.unrealized(price) - maintenanceMargin(other.notional(price));
  }, account.wallet);
  const bracket = bracketOf(position.notional(mark(position.spec.id)));
  const isLong = position.lots > 0;
  const cushion = spare + BigInt(bracket.cum) * unit;
  const paid = isLong ? position.entryCost - cushion : position.entryCost + cushion;
  const rate = wholeInBps + (isLong ? -1n : 1n) * BigInt(bracket.maintenanceBps);
  const perUnit = 10n ** BigInt(position.spec.amountDecimals);
  const price = (paid * perUnit * wholeInBps) / (BigInt(Math.abs(position.lots)) * rate);
  return price > 0n ? price : null;
}

/** What must be left of a position's notional. */
export function maintenanceMargin(notional: bigint): bigint {
  const { maintenanceBps, cum } = bracketOf(notional);
  return (absolute(notional) * BigInt(maintenanceBps)) / wholeInBps - BigInt(cum) * unit;
}

export function bracketOf(notional: bigint): Bracket {
  const size = absolute(notional);
  const found = brackets.findLast(({ floor }) => size >= BigInt(floor) * unit) ?? brackets[0];
  if (found === undefined) throw new Error('there are no brackets');
  return found;
}

/** The largest notional, in money units, that a leverage allows. */
export function largestNotional(leverage: number): bigint {
  return BigInt(brackets.findLast(({ maxLeverage }) => maxLeverage >= leverage)?.cap ?? 0) * unit;
}

/** Initial margin by contract and part: of the larger exposure that its open orders could lead to. */
function required(account: FuturesAccount, mark: MarkPrice, extra: Demand | null): Map<string, bigint> {
  const demands = account
    .openOrders(null)
    .filter((order) => !order.isReduceOnly && !closesPart(order))
    .map((order): Demand => ({
      ...order,
      notional: costOf(order.spec, order.priceTicks ?? 0, order.lots - order.executedLots),
    }));
  if (extra !== null) demands.push(extra);
  const exposures = new Map<string, { symbol: string; up: bigint; down: bigint }>();
  const at = (symbol: string, side: PositionSide): { symbol: string; up: bigint; down: bigint } => {
    const key = `${symbol}/${side}`;
    const found = exposures.get(key) ?? { symbol, up: 0n, down: 0n };
    exposures.set(key, found);
    return found;
  };
  for (const position of account.positions) {
    const exposure = at(position.spec.id, position.side);
    const notional = position.notional(mark(position.spec.id));
    exposure.up += notional;
    exposure.down += notional;
  }
  for (const { spec, side, positionSide, notional } of demands) {
    const exposure = at(spec.id, positionSide);
    if (signed(side, 1) > 0) exposure.up += notional;
    else exposure.down -= notional;
  }
  return new Map(
    [...exposures].map(([key, { symbol, up, down }]) => {
      const larger = absolute(up) > absolute(down) ? absolute(up) : absolute(down);
      return [key, larger / BigInt(account.leverage(symbol))];
    }),
  );
}

function absolute(value: bigint): bigint {
  return value < 0n ? -value : value;
}

function sum(values: readonly bigint[]): bigint {
  return values.reduce((total, value) => total + value, 0n);
}

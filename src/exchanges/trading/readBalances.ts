import type { DecimalString } from '../../domain/decimal';
import { sum } from '../../domain/money';
import { BadMarketData } from '../badMarketData';
import { readAmount, readRecord } from '../readNumbers';
import type { ExchangeBalance } from '../tradingPort';

/** Reads ccxt's balance structure. Throws BadMarketData. */
export function readBalances(value: unknown): readonly ExchangeBalance[] {
  const raw = readRecord(value, 'balances');
  return Object.keys(readRecord(raw.total ?? {}, 'totals')).map((currency) => {
    const { free, used, total } = readRecord(raw[currency], `balance of ${currency}`);
    const parts = { free: readPart(free), used: readPart(used), total: readPart(total) };
    const whole = parts.total ?? both(parts.free, parts.used);
    return { currency, free: parts.free ?? whole, used: parts.used ?? ('0' as DecimalString), total: whole };
  });
}

/** One account's money, whichever of its wallets it lies in. */
export function joinBalances(wallets: readonly (readonly ExchangeBalance[])[]): readonly ExchangeBalance[] {
  const joined = new Map<string, ExchangeBalance>();
  for (const balance of wallets.flat()) {
    const before = joined.get(balance.currency);
    joined.set(balance.currency, before === undefined ? balance : add(before, balance));
  }
  return [...joined.values()];
}

function add(a: ExchangeBalance, b: ExchangeBalance): ExchangeBalance {
  const { currency } = a;
  return { currency, free: sum(a.free, b.free), used: sum(a.used, b.used), total: sum(a.total, b.total) };
}

function readPart(value: unknown): DecimalString | null {
  return value === undefined || value === null ? null : readAmount(value, 'balance');
}

function both(free: DecimalString | null, used: DecimalString | null): DecimalString {
  if (free === null) throw new BadMarketData('a balance has no figures');
  return used === null ? free : sum(free, used);
}

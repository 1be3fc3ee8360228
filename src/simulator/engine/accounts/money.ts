import type { MarketSpec } from '../marketSpec';

/** Balances and fees are whole units of 1e-8, whatever the asset. */
export const moneyDecimals = 8;

/** Fee on what a trade brings, the same for makers and takers: ten basis points. */
export const feeBps = 10;

export function lotsToMoney(spec: MarketSpec, lots: number): bigint {
  return BigInt(lots) * 10n ** BigInt(moneyDecimals - spec.amountDecimals);
}

/** Price × amount; exact, because a market's decimals are at most eight together. */
export function costOf(spec: MarketSpec, priceTicks: number, lots: number): bigint {
  const unused = moneyDecimals - spec.priceDecimals - spec.amountDecimals;
  return BigInt(priceTicks) * BigInt(lots) * 10n ** BigInt(unused);
}

/** What is finer than a unit stays with the account. */
export function feeOf(received: bigint): bigint {
  return (received * BigInt(feeBps)) / 10_000n;
}

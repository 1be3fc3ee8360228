import type { SyntheticMarket } from '../marketSpec';
import { moneyDecimals } from '../accounts/money';

/** What margin is held in, and profit is paid in. */
export const marginAsset = 'USDT';
export const initialWallet = 10_000n * 10n ** BigInt(moneyDecimals);
export const initialLeverage = 20;
export const fundingIntervalMs = 8 * 3_600_000;

/** Fees in parts of ten thousand. */
export const makerFeeBps = 2;
export const takerFeeBps = 5;

/** How much may be held at which leverage, and what must be left of it. Notionals in quote units, the rate in parts of ten thousand. */
export interface Bracket {
  readonly floor: number;
  readonly cap: number;
  readonly maxLeverage: number;
  readonly maintenanceBps: number;
  /** Makes the maintenance margin continuous from bracket to bracket. */
  readonly cum: number;
}

export const brackets: readonly Bracket[] = [
  { floor: 0, cap: 50_000, maxLeverage: 125, maintenanceBps: 40, cum: 0 },
  { floor: 50_000, cap: 600_000, maxLeverage: 100, maintenanceBps: 50, cum: 50 },
  { floor: 600_000, cap: 3_000_000, maxLeverage: 75, maintenanceBps: 65, cum: 950 },
  { floor: 3_000_000, cap: 12_000_000, maxLeverage: 50, maintenanceBps: 100, cum: 11_450 },
];

function perpetual(
  base: string,
  spec: { price: number; amount: number; min: string; max: string },
): SyntheticMarket['spec'] {
  return {
    id: `${base}USDT`,
    base,
    quote: marginAsset,
    priceDecimals: spec.price,
    amountDecimals: spec.amount,
    minNotional: spec.min,
    maxAmount: spec.max,
  };
}

/** The perpetual contracts on offer. Each follows the spot market of the same name. */
export const perpetuals: readonly SyntheticMarket[] = [
  {
    spec: perpetual('BTC', { price: 1, amount: 3, min: '100', max: '1000' }),
    flow: { startPrice: 96_400, annualVolatility: 0.55, medianCost: 2_800 },
  },
  {
    spec: perpetual('ETH', { price: 2, amount: 3, min: '20', max: '10000' }),
    flow: { startPrice: 3_420, annualVolatility: 0.7, medianCost: 1_800 },
  },
  {
    spec: perpetual('SOL', { price: 2, amount: 2, min: '5', max: '100000' }),
    flow: { startPrice: 187, annualVolatility: 0.95, medianCost: 1_200 },
  },
];

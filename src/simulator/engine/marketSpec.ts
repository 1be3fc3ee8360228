/**
 * What a market of the simulator is. Prices are held as whole ticks of 10^-priceDecimals quote units and amounts as whole
 * lots of 10^-amountDecimals base units; together at most 8 decimals, so that every price × amount is exact in the eight
 * decimals of an exchange's wire.
 */
export interface MarketSpec {
  /** The exchange's own id, e.g. "BTCUSDT". */
  readonly id: string;
  readonly base: string;
  readonly quote: string;
  readonly priceDecimals: number;
  readonly amountDecimals: number;
  /** Smallest price × amount of an order, in quote units. */
  readonly minNotional: string;
  /** Largest amount of an order, in base units; a quarter of it for market orders. */
  readonly maxAmount: string;
}

/** How the invented traders of a market behave. */
export interface FlowProfile {
  /** Fair price when the simulation begins, in quote units. */
  readonly startPrice: number;
  /** Standard deviation of a year's log return: 0.6 is sixty percent. */
  readonly annualVolatility: number;
  /** Median cost of an order, in quote units. */
  readonly medianCost: number;
}

export interface SyntheticMarket {
  readonly spec: MarketSpec;
  readonly flow: FlowProfile;
}

function usdt(base: string, spec: { price: number; amount: number; max: string }, flow: FlowProfile): SyntheticMarket {
  return {
    spec: {
      id: `${base}USDT`,
      base,
      quote: 'USDT',
      priceDecimals: spec.price,
      amountDecimals: spec.amount,
      minNotional: '5',
      maxAmount: spec.max,
    },
    flow,
  };
}

/** The markets a simulation offers. */
export const syntheticMarkets: readonly SyntheticMarket[] = [
  usdt('BTC', { price: 2, amount: 5, max: '9000' }, { startPrice: 96_400, annualVolatility: 0.55, medianCost: 1_400 }),
  usdt('ETH', { price: 2, amount: 4, max: '9000' }, { startPrice: 3_420, annualVolatility: 0.7, medianCost: 900 }),
  usdt('BNB', { price: 2, amount: 3, max: '90000' }, { startPrice: 655, annualVolatility: 0.65, medianCost: 500 }),
  usdt('SOL', { price: 2, amount: 3, max: '90000' }, { startPrice: 187, annualVolatility: 0.95, medianCost: 600 }),
  usdt('XRP', { price: 4, amount: 1, max: '9000000' }, { startPrice: 2.31, annualVolatility: 0.9, medianCost: 450 }),
  usdt('DOGE', { price: 5, amount: 0, max: '9000000' }, { startPrice: 0.327, annualVolatility: 1.05, medianCost: 350 }),
  {
    spec: {
      id: 'ETHBTC',
      base: 'ETH',
      quote: 'BTC',
      priceDecimals: 5,
      amountDecimals: 3,
      minNotional: '0.0001',
      maxAmount: '90000',
    },
    flow: { startPrice: 0.03548, annualVolatility: 0.5, medianCost: 0.012 },
  },
];

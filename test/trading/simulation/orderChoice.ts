import type { DecimalString } from '../../../src/domain/decimal';
import type { OrderTerms } from '../../../src/domain/orders';
import type { Chance } from './chance';
import type { SimulatedExchange } from './simulatedExchange';
import { amountStep, priceStep, simulatedMarkets } from './simulatedMarkets';
import { dividedBy, floorTo, toText, toUnits } from './units';

/** Any order that somebody might place now. */
export function chooseTerms(chance: Chance, exchange: SimulatedExchange): OrderTerms {
  const { symbol } = chance.oneOf(simulatedMarkets);
  const isMarket = chance.hits(0.35);
  const side = chance.hits(0.6) ? 'BUY' : 'SELL';
  const isByQuote = isMarket && side === 'BUY' && chance.hits(0.2);
  return {
    symbol,
    type: isMarket ? 'MARKET' : 'LIMIT',
    side,
    amount: isByQuote ? null : chooseAmount(chance, symbol),
    quoteAmount: isByQuote ? toText(toUnits(String(chance.between(600, 9_000)))) : null,
    price: isMarket ? null : choosePrice(chance, exchange, { symbol, side }),
    triggerPrice: null,
    trailingDelta: null,
    timeInForce: isMarket ? null : chance.oneOf(['GTC', 'GTC', 'GTC', 'GTC', 'IOC', 'FOK', 'POST_ONLY']),
    positionSide: null,
    reduceOnly: false,
  };
}

/** Away from the market as a rule, where it rests until the price comes by. */
export function choosePrice(
  chance: Chance,
  exchange: SimulatedExchange,
  { symbol, side }: Pick<OrderTerms, 'symbol' | 'side'>,
): DecimalString {
  const last = exchange.price(symbol);
  const offset = floorTo(last / 2_000n, priceStep) * BigInt(chance.between(-3, 12));
  return toText(side === 'BUY' ? last - offset : last + offset);
}

/** For 600 to 9,000 of the quote currency. */
export function chooseAmount(chance: Chance, symbol: string): DecimalString {
  const { opening } = simulatedMarkets.find((market) => market.symbol === symbol)!;
  return toText(dividedBy(toUnits('600'), opening, amountStep) * BigInt(chance.between(1, 15)));
}

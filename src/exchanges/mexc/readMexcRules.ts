import type { Market } from '../../domain/market';
import type { MarketRules } from '../../domain/marketRules';
import { optional, readList, readRecord } from '../readNumbers';
import { readMarketRules } from '../readMarketRules';

/** What ccxt tells of a market's rules, with the types of orders that MEXC takes there: some markets have no MARKET. Throws BadMarketData. */
export function readMexcRules(value: unknown, market: Market): MarketRules {
  const rules = readMarketRules(value, market);
  const info = readRecord(readRecord(value, 'market').info, 'market');
  const offered = optional(info.orderTypes, (types) => readList(types, 'order types'));
  return { ...rules, orderTypes: rules.orderTypes.filter((type) => offered?.includes(type) ?? true) };
}

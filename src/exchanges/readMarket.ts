import { Decimal, toDecimalString, type DecimalString } from '../domain/decimal';
import { parseMarketId, toMarketId, type Market, type MarketType } from '../domain/market';
import { BadMarketData } from './badMarketData';
import { optional, readAmount, readDecimal, readPrice, readRecord, readText } from './readNumbers';

/** ccxt's precisionMode: the precision is a number of digits, not a step. */
const decimalPlaces = 2;

/** Reads one of ccxt's market structures; null for what is neither spot nor a swap of ours. Throws BadMarketData. */
export function readMarket(
  value: unknown,
  exchange: string,
  facts: { readonly precisionMode: number; readonly hasSwaps: boolean },
): Market | null {
  const raw = readRecord(value, 'market');
  const type = typeOf(raw, facts.hasSwaps);
  if (type === null) return null;
  const symbol = readText(raw.symbol, 'symbol');
  const id = toMarketId(exchange, symbol);
  if (parseMarketId(id) === null) throw new BadMarketData(`symbol ${symbol} cannot be a market id`);
  const precision = readRecord(raw.precision, 'precision');
  const limits = readRecord(raw.limits, 'limits');
  const step = (digits: unknown, name: string): DecimalString => readStep(digits, name, facts.precisionMode);
  return {
    id,
    exchange,
    symbol,
    base: readText(raw.base, 'base'),
    quote: readText(raw.quote, 'quote'),
    settle: optional(raw.settle, (present) => readText(present, 'settle')),
    type,
    active: raw.active !== false,
    contractSize: optional(raw.contractSize, (present) => readPrice(present, 'contract size')),
    maker: optional(raw.maker, (present) => readDecimal(present, 'maker fee')),
    taker: optional(raw.taker, (present) => readDecimal(present, 'taker fee')),
    pricePrecision: step(precision.price, 'price precision'),
    amountPrecision: step(precision.amount, 'amount precision'),
    minAmount: readMinimum(limits.amount),
    minCost: readMinimum(limits.cost),
  };
}

/** Of swaps the linear ones alone, settled in their quote, whose contract is one base unit: every amount is base units then. */
function typeOf(raw: Readonly<Record<string, unknown>>, hasSwaps: boolean): MarketType | null {
  if (raw.spot === true) return 'SPOT';
  const isOurs = hasSwaps && raw.swap === true && raw.linear === true && raw.settle === raw.quote;
  return isOurs && readDecimal(raw.contractSize, 'contract size') === '1' ? 'SWAP' : null;
}

function readStep(value: unknown, name: string, precisionMode: number): DecimalString {
  const step = readPrice(value, name);
  return precisionMode === decimalPlaces
    ? toDecimalString(new Decimal(10).pow(new Decimal(step).neg()).toFixed())
    : step;
}

function readMinimum(value: unknown): DecimalString | null {
  return optional(optional(value, (present) => readRecord(present, 'limit'))?.min, (present) =>
    readAmount(present, 'minimum'),
  );
}

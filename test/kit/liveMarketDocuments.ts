import { busy, idOf } from './liveMarkets';

const meta = 'meta { kind seq cursor reason }';

interface StreamWishes {
  readonly symbols?: readonly string[];
  readonly after?: string | null;
}

function argumentsOf(head: string, after: string | null | undefined): string {
  return after === undefined || after === null ? head : `${head}, after: ${JSON.stringify(after)}`;
}

const listOf = (symbols: readonly string[]): string =>
  `markets: [${symbols.map((symbol) => JSON.stringify(idOf(symbol))).join(', ')}]`;

const firstOf = (symbols: readonly string[]): string => `market: ${JSON.stringify(idOf(symbols[0] ?? busy))}`;

/** Streams of `LiveMarkets`, each with all that its number says of it. */
export function tickersOf({ symbols = [busy], after }: StreamWishes = {}): string {
  return `subscription { tickers(${argumentsOf(listOf(symbols), after)}) { ${meta} tickers { marketId last } } }`;
}

export function tradesOf({ symbols = [busy], after }: StreamWishes = {}): string {
  return `subscription { trades(${argumentsOf(listOf(symbols), after)}) { ${meta} trades { marketId id } } }`;
}

export function bookOf({ symbols = [busy], after }: StreamWishes = {}): string {
  const head = `${firstOf(symbols)}, depth: 10, intervalMs: 0`;
  const fields = 'bids { price amount } asks { price amount } nonce';
  return `subscription { orderBook(${argumentsOf(head, after)}) { ${meta} ${fields} } }`;
}

export function candlesOf({ symbols = [busy], after }: StreamWishes = {}): string {
  const head = `${firstOf(symbols)}, timeframe: M1`;
  return `subscription { candles(${argumentsOf(head, after)}) { ${meta} candle { openTime close closed } } }`;
}

import { styleText } from 'node:util';
import { compareDecimals } from '../domain/compareDecimals';
import { isDecimalString } from '../domain/decimal';
import type { TickersSubscription } from '../graphql/operations.generated';

type TickerEvent = TickersSubscription['tickers'];
type Ticker = TickerEvent['tickers'][number];

interface Row {
  ticker: Ticker | null;
  isStale: boolean;
  /** 1: the last price rose, -1: it fell. */
  direction: -1 | 0 | 1;
  /** When events of the last second came, oldest first. */
  arrivals: number[];
}

const rateWindowMs = 1_000;
const columns = [
  { title: 'market', width: 22, isLeft: true },
  { title: 'last', width: 14, isLeft: false },
  { title: 'bid', width: 14, isLeft: false },
  { title: 'ask', width: 14, isLeft: false },
  { title: 'change', width: 9, isLeft: false },
  { title: 'age', width: 8, isLeft: false },
  { title: 'events/s', width: 9, isLeft: false },
] as const;

/** What `watch` shows: the newest state of some markets. Times are epoch milliseconds. */
export class PriceTable {
  readonly #rows: ReadonlyMap<string, Row>;

  constructor(marketIds: readonly string[]) {
    this.#rows = new Map(marketIds.map((id) => [id, { ticker: null, isStale: false, direction: 0, arrivals: [] }]));
  }

  /** Takes in one event of the stream. A STALE event marks its markets; the next event of a market clears the mark. */
  apply(event: TickerEvent, nowMs: number): void {
    for (const ticker of event.tickers) {
      const row = this.#rows.get(ticker.marketId);
      if (row === undefined) continue;
      row.isStale = event.meta.kind === 'STALE';
      if (row.isStale) continue;
      row.direction = directionOf(ticker.last, row.ticker?.last ?? null) || row.direction;
      row.ticker = ticker;
      row.arrivals.push(nowMs);
    }
    if (event.meta.kind === 'STALE' && event.tickers.length === 0) this.markAllStale();
  }

  /** The connection is gone: nothing shown is known to be true any more. */
  markAllStale(): void {
    for (const row of this.#rows.values()) row.isStale = true;
  }

  /** The table as text, a line a market. */
  render(nowMs: number, options: { readonly hasColors: boolean }): string {
    const paint = (style: 'bold' | 'dim' | 'green' | 'red' | 'yellow', text: string): string =>
      options.hasColors ? styleText(style, text, { validateStream: false }) : text;
    const head = paint('dim', columns.map((column) => pad(column.title, column)).join(' '));
    const lines = [...this.#rows].map(([id, row]) => renderRow({ id, row, nowMs, paint }));
    return [head, ...lines].join('\n');
  }
}

function renderRow(parts: {
  readonly id: string;
  readonly row: Row;
  readonly nowMs: number;
  readonly paint: (style: 'bold' | 'dim' | 'green' | 'red' | 'yellow', text: string) => string;
}): string {
  const { id, row, nowMs, paint } = parts;
  while (row.arrivals[0] !== undefined && row.arrivals[0] <= nowMs - rateWindowMs) row.arrivals.shift();
  const { ticker } = row;
  const [market, last, bid, ask, change, age, rate] = columns;
  const lastStyle = row.direction > 0 ? 'green' : row.direction < 0 ? 'red' : 'bold';
  const percentage = ticker?.percentage ?? null;
  const cells = [
    pad(id, market),
    paint(row.isStale ? 'dim' : lastStyle, pad(ticker?.last ?? '–', last)),
    pad(ticker?.bid ?? '–', bid),
    pad(ticker?.ask ?? '–', ask),
    paint(percentage?.startsWith('-') === true ? 'red' : 'green', pad(formatPercentage(percentage), change)),
    row.isStale ? paint('yellow', pad('stale', age)) : pad(formatAge(ticker, nowMs), age),
    pad(String(row.arrivals.length), rate),
  ];
  return cells.join(' ');
}

function pad(text: string, column: { readonly width: number; readonly isLeft: boolean }): string {
  return column.isLeft ? text.padEnd(column.width) : text.padStart(column.width);
}

/** Two digits behind the point, cut, not rounded: a glance, not arithmetic. */
function formatPercentage(percentage: string | null): string {
  if (percentage === null) return '–';
  const [whole = '0', digits = ''] = percentage.split('.');
  return `${percentage.startsWith('-') ? '' : '+'}${whole}.${digits.padEnd(2, '0').slice(0, 2)} %`;
}

function formatAge(ticker: Ticker | null, nowMs: number): string {
  if (ticker === null) return '–';
  const ageMs = Math.max(0, nowMs - Date.parse(ticker.receivedTime));
  return ageMs < 1_000 ? `${ageMs} ms` : `${Math.floor(ageMs / 1_000)} s`;
}

/** 1 where the price rose, -1 where it fell, 0 where that is not known. */
function directionOf(price: string | null, before: string | null): -1 | 0 | 1 {
  if (!isDecimalString(price) || !isDecimalString(before)) return 0;
  return Math.sign(compareDecimals(price, before)) as -1 | 0 | 1;
}

import { PriceTable } from '../../src/cli/priceTable';
import type { TickersSubscription } from '../../src/graphql/operations.generated';

type Event = TickersSubscription['tickers'];
type Ticker = Event['tickers'][number];

const now = Date.UTC(2026, 0, 31, 12);
const btc = 'simulator:BTC/USDT';

function makeTicker(overrides: Partial<Ticker> = {}): Ticker {
  const rest = {
    bidVolume: null,
    askVolume: null,
    open: null,
    high: null,
    low: null,
    change: null,
    baseVolume: null,
    quoteVolume: null,
  };
  const receivedTime = new Date(now - 250).toISOString();
  return {
    marketId: btc,
    last: '100',
    bid: '99.5',
    ask: '100.5',
    percentage: '1.239',
    exchangeTime: null,
    receivedTime,
    ...rest,
    ...overrides,
  };
}

function makeEvent(kind: Event['meta']['kind'], tickers: readonly Ticker[]): Event {
  return { meta: { kind, seq: '1', at: new Date(now).toISOString(), cursor: 'c', reason: null }, tickers };
}

function row(table: PriceTable, atMs = now): string {
  return table.render(atMs, { hasColors: false }).split('\n')[1] ?? '';
}

describe('the table of prices', () => {
  it('shows what is not known yet as not known', () => {
    expect(row(new PriceTable([btc])).split(/ +/)).toEqual([btc, '–', '–', '–', '–', '–', '0']);
  });

  it('shows last, bid, ask, change, age and events a second', () => {
    const table = new PriceTable([btc]);
    table.apply(makeEvent('SNAPSHOT', [makeTicker()]), now);
    table.apply(makeEvent('UPDATE', [makeTicker()]), now);
    expect(row(table)).toMatch(/BTC\/USDT +100 +99\.5 +100\.5 +\+1\.23 % +250 ms +2$/);
  });

  it('counts the events of the last second alone', () => {
    const table = new PriceTable([btc]);
    table.apply(makeEvent('SNAPSHOT', [makeTicker()]), now - 1_500);
    table.apply(makeEvent('UPDATE', [makeTicker()]), now - 500);
    expect(row(table)).toMatch(/ 1$/);
  });

  it('says stale in place of an age, and takes it back with the next event', () => {
    const table = new PriceTable([btc]);
    table.apply(makeEvent('SNAPSHOT', [makeTicker()]), now);
    table.apply(makeEvent('STALE', [makeTicker()]), now);
    expect(row(table)).toMatch(/stale +1$/);
    table.apply(makeEvent('SNAPSHOT', [makeTicker()]), now);
    expect(row(table)).not.toContain('stale');
  });

  it('says stale of everything when the connection is lost', () => {
    const table = new PriceTable([btc]);
    table.apply(makeEvent('SNAPSHOT', [makeTicker()]), now);
    table.markAllStale();
    expect(row(table)).toContain('stale');
  });

  it('paints a rise green and a fall red, beyond the digits of a float', () => {
    const table = new PriceTable([btc]);
    const prices = ['0.12345678901234567', '0.12345678901234568', '0.12345678901234566'];
    const colours = prices.map((last) => {
      table.apply(makeEvent('UPDATE', [makeTicker({ last })]), now);
      const painted = table.render(now, { hasColors: true }).split('\n')[1] ?? '';
      return /\u001b\[(\d+)m *0\.123/.exec(painted)?.[1];
    });
    expect(colours).toEqual(['1', '32', '31']);
  });
});

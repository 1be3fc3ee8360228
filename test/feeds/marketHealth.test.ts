import { MarketHealth, type FeedVitals } from '../../src/feeds/marketHealth';

const id = 'fake:BTC/USDT';
const silent: FeedVitals = { lastEventAt: null, aliveAt: null, isStale: false, isRefused: false };

describe('the health of a market whose last feed has closed', () => {
  it('is forgotten where nothing came of it and nothing was counted', () => {
    const health = new MarketHealth();
    const counters = health.counters(id);
    const close = health.register(id, () => silent);
    expect(health.counters(id)).toBe(counters);
    close();
    expect(health.counters(id)).not.toBe(counters);
  });

  it.each([
    ['an event came', { ...silent, lastEventAt: 1 }, 0],
    ['something was counted', silent, 1],
    ['an event came before it was refused', { ...silent, lastEventAt: 1, isRefused: true }, 1],
  ])('is kept where %s', (_what, vitals, reconnects) => {
    const health = new MarketHealth();
    const counters = health.counters(id);
    counters.reconnects = reconnects;
    health.register(id, () => vitals)();
    expect(health.counters(id)).toBe(counters);
  });

  it('is kept while another feed of it is open', () => {
    const health = new MarketHealth();
    const counters = health.counters(id);
    const refused = { ...silent, isRefused: true };
    const closeFirst = health.register(id, () => refused);
    const closeLast = health.register(id, () => ({ ...refused }));
    counters.reconnects = 1;
    closeFirst();
    expect(health.counters(id)).toBe(counters);
    closeLast();
    expect(health.counters(id)).not.toBe(counters);
  });
});

import { limits } from '../../src/security/limits';
import { idOf, LiveMarkets } from '../kit/liveMarkets';

const knownTrades = 100;
const symbols = Array.from({ length: limits.list.maxMarketsPerStream }, (_, index) => `M${index}/USDT`);

it('trades open with the latest 100 of each market, for as many markets as a stream may have', async () => {
  const markets = new LiveMarkets();
  for (const symbol of symbols) {
    for (let count = 0; count <= knownTrades; count += 1) markets.publish(symbol, ['trades']);
  }
  const stream = (await markets.streams.trades({ marketIds: symbols.map(idOf), after: null })).open();
  const { value: opening } = await stream.next();
  expect(opening?.meta).toMatchObject({ kind: 'SNAPSHOT', reason: null });
  const latest = Array.from({ length: knownTrades }, (_, index) => String(index + 2));
  for (const symbol of symbols) {
    const ofMarket = opening?.trades.filter(({ marketId }) => marketId === idOf(symbol)) ?? [];
    expect(ofMarket.map(({ id }) => id)).toEqual(latest);
  }
  await stream.return?.();
});

import type { Market } from '../../domain/market';
import type { EpochMs } from '../../domain/marketData';
import type { AccountDesk } from '../accountDesk';
import { bookHistory } from '../bookHistory';
import { learnOrder } from './adoptOrder';
import { unlistedMarket, type Difference } from './difference';

/**
 * Books the executions that did not come over the socket, in every market that the account has to do with. currencies: whose balances
 * do not add up: somebody may have traded one of them for another, in a market that was never heard of here.
 */
export async function learnFills(
  desk: AccountDesk,
  since: EpochMs,
  currencies: ReadonlySet<string>,
): Promise<readonly Difference[]> {
  const found: Difference[] = [];
  const known: readonly string[] = await desk.marketsOfInterest(since);
  const guessed = pairsOf(currencies)
    .map((symbol) => desk.marketIdOf(symbol))
    .filter((marketId) => !known.includes(marketId));
  for (const marketId of [...known, ...guessed]) {
    const market = await desk.findMarket(marketId);
    if (market !== null) await learnFillsOf(desk, market, since);
    else if (known.includes(marketId)) found.push(unlistedMarket(marketId));
  }
  return found;
}

async function learnFillsOf(desk: AccountDesk, market: Market, since: EpochMs): Promise<void> {
  const fills = await desk.port.fillsSince(market.symbol, since);
  if (fills.length === 0) return;
  const strangers = await desk.book(async (booking, tx) => {
    await bookHistory(booking, tx, { market, fills });
    return tx.strangers(market.id, since);
  });
  for (const exchangeOrderId of strangers) {
    const reference = { symbol: market.symbol, clientOrderId: null, exchangeOrderId };
    const report = await desk.port.findOrder(reference);
    if (report !== null)
      await learnOrder(desk, { market, report, cause: 'executed at the exchange', isOpening: false });
  }
}

/** Every symbol that could change two of them at once. */
function pairsOf(currencies: ReadonlySet<string>): readonly string[] {
  const names = [...currencies].sort();
  return names.flatMap((base) => names.filter((quote) => quote !== base).map((quote) => `${base}/${quote}`));
}

import type { DecimalString } from '../../domain/decimal';
import type { PositionSide } from '../../domain/orders';
import { difference } from '../../domain/money';
import type { ExchangePosition } from '../../exchanges/tradingPort';
import type { AccountTransaction } from '../../storage/trading/accountTransaction';
import type { AccountDesk } from '../accountDesk';
import type { Difference } from './difference';

const zero = '0' as DecimalString;

/** Positions of swaps as the exchange has them, held against ours. Takes over what only the exchange knows: leverage and where it would liquidate. */
export async function comparePositions(
  desk: AccountDesk,
  there: readonly ExchangePosition[],
  tx: AccountTransaction,
): Promise<readonly Difference[]> {
  const found: Difference[] = [];
  const here = (await tx.positions()).filter(({ marketId }) => isSwap(marketId));
  for (const told of there) {
    const marketId = desk.marketIdOf(told.symbol);
    const own = here.find((position) => position.marketId === marketId && position.side === told.side);
    if (own?.amount !== told.amount)
      found.push(positionDiffers(marketId, told.side, { there: told.amount, here: own?.amount ?? zero }));
    const { leverage, liquidationPrice } = told;
    if (own === undefined || (own.leverage === leverage && own.liquidationPrice === liquidationPrice)) continue;
    tx.savePosition({ ...own, leverage, liquidationPrice, updatedAt: desk.now() });
  }
  for (const own of here) {
    const isThere = there.some((told) => desk.marketIdOf(told.symbol) === own.marketId && told.side === own.side);
    if (!isThere) found.push(positionDiffers(own.marketId, own.side, { there: zero, here: own.amount }));
  }
  return found;
}

function positionDiffers(
  marketId: string,
  side: PositionSide,
  { there, here }: { readonly there: DecimalString; readonly here: DecimalString },
): Difference {
  const name = `position ${side} ${marketId}`;
  return { key: `${name} ${difference(there, here)}`, text: `${name}: ${there} at the exchange, ${here} here` };
}

/** ccxt's symbol of a swap names what it settles in: "BTC/USDT:USDT". */
function isSwap(marketId: string): boolean {
  return marketId.split(':').length === 3;
}

import type { Ask } from '../faults/compareBooks';
import { chooseTerms } from './orderChoice';
import type { SimulatedClient } from './simulatedClient';
import { simulatedMarkets } from './simulatedMarkets';
import { toUnits } from './units';
import type { World } from './world';

export const stormMs = 14_000;

/** Plans everything that is to happen to the world: clients, prices, deaths, cuts, clocks, and somebody who trades beside us. */
export function raiseStorm(world: World, client: SimulatedClient, ask: Ask): void {
  const { chance, exchange, leadership, markets, time } = world;
  const happen = (least: number, most: number, work: () => void): void => {
    for (let left = chance.between(least, most); left > 0; left -= 1)
      time.schedule(work, chance.between(500, stormMs - 1));
  };
  happen(10, 18, () => {
    client.act();
  });
  for (const market of simulatedMarkets)
    happen(15, 40, () => {
      exchange.move(market);
    });
  happen(0, 3, () => {
    if (world.nodes.length > 0) chance.oneOf(world.nodes).dieWithin(chance.between(0, 60));
  });
  happen(0, 1, () => {
    world.openNode();
  });
  happen(0, 1, () => {
    leadership.revoke();
  });
  happen(0, 2, () => {
    for (const node of world.nodes) node.cutSocket();
  });
  happen(0, 1, () => {
    if (world.nodes.length > 0) chance.oneOf(world.nodes).skewMs = chance.between(-3_000, 3_000);
  });
  happen(0, 1, () => {
    markets.areFeedsDead = true;
    const revive = (): void => {
      markets.areFeedsDead = false;
    };
    time.schedule(revive, chance.between(500, 5_000));
  });
  happen(0, 3, () => {
    void actOutside(world, ask);
  });
}

/** Somebody uses the account at the exchange itself. */
async function actOutside({ account, chance, exchange, isLimited, trace }: World, ask: Ask): Promise<void> {
  // What was there before the account was opened here is in its opening balance, and told by nothing else.
  const opening = `SELECT 1 FROM ledger_entries WHERE account_id = $1 AND posting = 'opening' LIMIT 1`;
  if ((await ask(opening, [account.id])).length === 0) return;
  const open = exchange.orders.filter(({ status }) => status === 'OPEN');
  const what = chance.weighted({ order: isLimited ? 0 : 3, cancel: 2, transfer: 2 });
  trace.write(`outside: ${what}`);
  if (what === 'transfer') exchange.transfer('USDT', toUnits(String(chance.between(1, 500))));
  if (what === 'cancel' && open.length > 0) exchange.end(chance.oneOf(open), 'CANCELED');
  if (what === 'order') exchange.place(`outside-${chance.uuid()}`, chooseTerms(chance, exchange));
}

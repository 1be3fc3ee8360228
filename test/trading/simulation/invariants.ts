import { toDecimalString } from '../../../src/domain/decimal';
import { isTerminal, phaseEvents, phaseTable, type OrderPhase } from '../../../src/domain/orderPhases';
import { difference, product } from '../../../src/domain/money';
import { compareBooks, type Ask } from '../faults/compareBooks';
import { truthOf } from './exchangeTruth';
import { baseOf, type SimulatedExchange } from './simulatedExchange';
import { exchangeId, simulatedMarkets } from './simulatedMarkets';
import { toText, type Units } from './units';

export interface Checked {
  readonly ask: Ask;
  readonly accountId: string;
  readonly exchange: SimulatedExchange;
  /** Coins that the account held before it was opened here: no position tells of those. */
  readonly openingCoins: ReadonlyMap<string, Units>;
}

/** Everything that does not hold although nothing is on its way any more; empty where the books are in order. */
export async function findViolations(checked: Checked): Promise<readonly string[]> {
  const { ask, accountId, exchange } = checked;
  return [
    ...(await compareBooks(ask, accountId, truthOf(exchange))),
    ...(await checkReservations(checked)),
    ...(await checkTransitions(checked)),
    ...(await checkEvents(checked)),
    ...(await checkPositions(checked)),
    ...(await checkAudit(checked)),
  ];
}

async function checkReservations({ ask, accountId }: Checked): Promise<readonly string[]> {
  const rows = await ask(
    `SELECT id, phase, side, amount, filled, overfilled, price, reserved FROM orders WHERE account_id = $1`,
    [accountId],
  );
  return rows.flatMap((row) => {
    const { id, phase, side } = row;
    const [filled, overfilled, reserved] = [row['filled'], row['overfilled'], row['reserved']].map(toDecimalString);
    const found: string[] = [];
    if (overfilled !== '0') found.push(`${String(id)} executed ${String(overfilled)} too much`);
    if (isTerminal(phase as OrderPhase)) {
      if (reserved !== '0') found.push(`${String(id)} is ${String(phase)} and keeps ${String(reserved)}`);
      return found;
    }
    // What has no limit cannot rest: it is still on its way, and the comparison of the orders says so.
    if (row['price'] === null) return found;
    const left = difference(toDecimalString(row['amount']), filled!);
    const kept = side === 'SELL' ? left : product(left, toDecimalString(row['price']));
    if (reserved !== kept) found.push(`${String(id)} keeps ${String(reserved)} in place of ${kept}`);
    return found;
  });
}

/** Each order's course begins without a phase, goes on from where it was, by a step of the table, to where the order is. */
async function checkTransitions({ ask, accountId }: Checked): Promise<readonly string[]> {
  const rows = await ask(
    `SELECT o.id, o.phase, o.origin,
       array_agg(coalesce(t.from_phase, '') ORDER BY t.seq) AS froms, array_agg(t.to_phase ORDER BY t.seq) AS steps,
       array_agg(t.seq ORDER BY t.seq) AS numbers
     FROM orders o JOIN order_transitions t ON t.order_id = o.id WHERE o.account_id = $1 GROUP BY o.id`,
    [accountId],
  );
  return rows.flatMap(({ id, phase, origin, froms, steps, numbers }) => {
    const to = steps as readonly OrderPhase[];
    const from = froms as readonly string[];
    const told = `${String(id)}: ${to.join(' ')}`;
    const isWhole = (numbers as readonly number[]).every((number, index) => number === index);
    const isJoined = from.every((before, index) => before === (index === 0 ? '' : to[index - 1]));
    const isLegal = to.slice(1).every((after, index) => mayFollow(to[index]!, after));
    const beginsWell = origin === 'EXTERNAL' || to[0] === 'PENDING';
    const isThere = to.at(-1) === phase;
    return isWhole && isJoined && isLegal && beginsWell && isThere ? [] : [`no course that an order takes: ${told}`];
  });
}

/** OPEN stands for PARTIALLY_FILLED as well. */
function mayFollow(before: OrderPhase, after: OrderPhase): boolean {
  const targets = phaseEvents.map((event) => phaseTable[before][event]);
  return targets.includes(after) || (after === 'PARTIALLY_FILLED' && targets.includes('OPEN'));
}

async function checkEvents({ ask, accountId }: Checked): Promise<readonly string[]> {
  const [row] = await ask(
    `SELECT a.event_seq AS last, count(e.seq) AS count, coalesce(min(e.seq), 1) AS least, coalesce(max(e.seq), 0) AS most
     FROM accounts a LEFT JOIN account_events e ON e.account_id = a.id WHERE a.id = $1 GROUP BY a.event_seq`,
    [accountId],
  );
  const isGapless = row!['least'] === '1' && row!['most'] === row!['count'] && row!['last'] === row!['count'];
  return isGapless ? [] : [`the events of the account have a hole: ${JSON.stringify(row)}`];
}

/** Where the account held no coins to begin with, what it holds is what it bought here. */
async function checkPositions({ ask, accountId, exchange, openingCoins }: Checked): Promise<readonly string[]> {
  const rows = await ask(
    'SELECT market_id, sum(amount) AS amount FROM positions WHERE account_id = $1 AND closed_at IS NULL GROUP BY market_id',
    [accountId],
  );
  const held = new Map(rows.map(({ market_id, amount }) => [market_id as string, toDecimalString(amount)]));
  return simulatedMarkets.flatMap(({ symbol }) => {
    if (openingCoins.has(baseOf(symbol))) return [];
    const own = held.get(`${exchangeId}:${symbol}`) ?? '0';
    const there = toText(exchange.balances.get(baseOf(symbol)) ?? 0n);
    return own === there ? [] : [`the position of ${symbol} is ${own}; ${there} are held`];
  });
}

const faults = ['ILLEGAL_TRANSITION', 'OVER_FILLED', 'NEVER_SENT'];

async function checkAudit({ ask, accountId }: Checked): Promise<readonly string[]> {
  const rows = await ask(
    `SELECT e.action, e.target, e.outcome FROM audit_entries e JOIN orders o ON o.id::text = e.target
     WHERE o.account_id = $1 AND e.action = ANY($2)`,
    [accountId, faults],
  );
  return rows.map(({ action, target, outcome }) => `${String(action)} of ${String(target)}: ${String(outcome)}`);
}

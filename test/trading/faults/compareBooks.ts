import { toDecimalString } from '../../../src/domain/decimal';
import { sum } from '../../../src/domain/money';
import type { OrderPhase } from '../../../src/domain/orderPhases';
import type { ExchangeLedger, ExchangeOrder } from './exchangeLedger';

/** Runs one statement and gives its rows. */
export type Ask = (text: string, values?: readonly unknown[]) => Promise<readonly Readonly<Record<string, unknown>>[]>;

const restingOrDone: Readonly<Record<ExchangeOrder['status'], readonly OrderPhase[]>> = {
  NEW: ['OPEN'],
  PARTIALLY_FILLED: ['PARTIALLY_FILLED'],
  FILLED: ['CLOSED'],
  CANCELED: ['CANCELED'],
  EXPIRED: ['EXPIRED'],
  EXPIRED_IN_MATCH: ['EXPIRED'],
  REJECTED: ['REJECTED'],
};

/**
 * Every way in which the books of one account and the exchange's differ; empty where no order was lost or doubled, every order is at
 * rest or done and says so alike, each trade is booked once and to the last digit, and the sums are the exchange's.
 */
export async function compareBooks(ask: Ask, accountId: string, there: ExchangeLedger): Promise<readonly string[]> {
  const parts = [await compareOrders(ask, accountId, there), await compareFills(ask, accountId, there)];
  parts.push(await compareSums(ask, accountId, there));
  if (there.repeatedClientIds.length > 0) parts.push([`sent twice: ${JSON.stringify(there.repeatedClientIds)}`]);
  return parts.flat();
}

async function compareOrders(ask: Ask, accountId: string, there: ExchangeLedger): Promise<readonly string[]> {
  const rows = await ask(
    `SELECT o.id, o.phase, o.filled, array_agg(t.client_order_id ORDER BY t.attempt) AS names
     FROM orders o LEFT JOIN order_attempts t ON t.order_id = o.id WHERE o.account_id = $1 GROUP BY o.id`,
    [accountId],
  );
  const found: string[] = [];
  const owned = new Set<string>();
  for (const { id, phase, filled, names } of rows) {
    // An edited order was sent several times, under a name of its own each time; the latest sending says how it stands.
    const sendings = (names as readonly string[]).map((name) => there.orders.filter(hasName(name)));
    for (const { clientOrderId } of sendings.flat()) owned.add(clientOrderId);
    const said = `${String(id)} is ${String(phase)}`;
    const most = Math.max(...sendings.map(({ length }) => length));
    if (most > 1) found.push(`${said}, placed ${most} times`);
    const [sent] = sendings.at(-1) ?? [];
    if (sent === undefined && !['NOT_PLACED', 'REJECTED', 'CANCELED'].includes(phase as string))
      found.push(`${said}, absent there`);
    const executed = sum(...sendings.flat().map(({ executedQty }) => toDecimalString(executedQty)));
    const status = sent?.status === 'NEW' && executed !== '0' ? 'PARTIALLY_FILLED' : sent?.status;
    if (status !== undefined && !restingOrDone[status].includes(phase as OrderPhase))
      found.push(`${said}, ${status} there`);
    if (toDecimalString(filled) !== executed) found.push(`${said}, filled ${String(filled)}, ${executed} there`);
  }
  for (const { clientOrderId } of there.orders)
    if (!owned.has(clientOrderId)) found.push(`the exchange has ${clientOrderId}, of which nothing is known here`);
  return found;
}

function hasName(name: string): (order: ExchangeOrder) => boolean {
  return ({ clientOrderId }) => clientOrderId === name;
}

async function compareFills(ask: Ask, accountId: string, there: ExchangeLedger): Promise<readonly string[]> {
  const rows = await ask(
    'SELECT exchange_trade_id, exchange_order_id, price, amount, order_id, fees FROM fills WHERE account_id = $1',
    [accountId],
  );
  const here = rows.map((row) => {
    const [fee] = row['fees'] as readonly { readonly currency: string; readonly cost: string }[];
    const figures = [row['price'], row['amount'], fee?.cost ?? '0'].map((figure) => toDecimalString(figure));
    const owner = row['order_id'] === null ? 'of no order' : 'of an order';
    return [row['exchange_trade_id'], row['exchange_order_id'], ...figures, fee?.currency, owner].join(' ');
  });
  const told = there.trades.map((trade) => {
    const figures = [trade.price, trade.qty, trade.commission].map((figure) => toDecimalString(figure));
    return [trade.id, trade.orderId, ...figures, trade.commissionAsset, 'of an order'].join(' ');
  });
  return [
    ...here.filter((fill) => !told.includes(fill)).map((fill) => `booked, but not traded: ${fill}`),
    ...told.filter((fill) => !here.includes(fill)).map((fill) => `traded, but not booked: ${fill}`),
    ...(new Set(here).size === here.length ? [] : ['a trade is booked twice']),
  ];
}

async function compareSums(ask: Ask, accountId: string, there: ExchangeLedger): Promise<readonly string[]> {
  const balances = await ask('SELECT currency, total FROM balances WHERE account_id = $1', [accountId]);
  const entries = await ask(
    `SELECT currency, sum(amount) AS total FROM ledger_entries WHERE account_id = $1 AND book = 'ASSETS' GROUP BY currency`,
    [accountId],
  );
  const unbalanced = await ask(
    `SELECT posting, currency FROM ledger_entries WHERE account_id = $1 GROUP BY posting, currency HAVING sum(amount) <> 0`,
    [accountId],
  );
  const unexplained = await ask(`SELECT posting FROM ledger_entries WHERE account_id = $1 AND book = 'UNEXPLAINED'`, [
    accountId,
  ]);
  const totals = new Map(balances.map(({ currency, total }) => [currency as string, toDecimalString(total)]));
  const booked = new Map(entries.map(({ currency, total }) => [currency as string, toDecimalString(total)]));
  const found = [
    ...unbalanced.map(({ posting, currency }) => `posting ${String(posting)} leaves some ${String(currency)}`),
    ...unexplained.map(({ posting }) => `something is unexplained: ${String(posting)}`),
  ];
  for (const [currency, total] of there.balances) {
    const own = totals.get(currency) ?? '0';
    if (own !== total) found.push(`${currency}: ${own} here, ${total} at the exchange`);
    if ((booked.get(currency) ?? '0') !== own) found.push(`${currency}: the ledger does not sum to its balance`);
  }
  return found;
}

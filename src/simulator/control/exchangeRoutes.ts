import type { Account } from '../engine/accounts/account';
import type { AccountRegistry } from '../engine/accounts/accountRegistry';
import { permissionNames, tradingOnly, type Permissions } from '../engine/accounts/identity';
import { moneyDecimals } from '../engine/accounts/money';
import type { ExchangeClock } from '../engine/exchangeClock';
import type { FuturesHouse } from '../engine/futures/futuresHouse';
import type { SimulatedMarket } from '../engine/simulatedMarket';
import { parseBigUnits, parseSignedUnits } from '../engine/units';
import type { ControlRoute } from './controlApi';
import { ControlError } from './controlError';
import type { ExchangePart } from './exchangePart';
import { Fields } from './fields';
import { ledgerOf } from './ledger';

/** No further from the host's clock: a candle of every minute between would have to be made. */
const maxOffsetMs = 86_400_000;

export interface ControlledExchange {
  readonly accounts: AccountRegistry;
  readonly clock: ExchangeClock;
  readonly parts: readonly ExchangePart[];
  readonly futures: FuturesHouse;
  /** Makes a signed call in an account's name, as if its owner made it elsewhere. Throws ControlError with the exchange's refusal. */
  readonly callAs: (account: Account, call: { method: string; path: string; query: string }) => unknown;
}

/** What happens to an exchange from outside, and what it knows. */
export function exchangeRoutes(exchange: ControlledExchange): readonly ControlRoute[] {
  const { accounts, clock } = exchange;
  const account = (name = ''): Account => {
    const found = accounts.named(decodeURIComponent(name));
    if (found === null) throw new ControlError(`There is no account "${name}".`, 404);
    return found;
  };
  return [
    {
      method: 'GET',
      path: /^\/control\/ledger$/,
      handle: ({ query }) => {
        const name = new URLSearchParams(query).get('account');
        return ledgerOf(name === null ? accounts.all : [account(name)], exchange.parts);
      },
    },
    { method: 'GET', path: /^\/control\/clock$/, handle: () => ({ offsetMs: clock.offsetMs, now: clock.now() }) },
    { method: 'POST', path: /^\/control\/clock$/, handle: ({ body }) => stepClock(clock, new Fields(body)) },
    { method: 'POST', path: /^\/control\/accounts$/, handle: ({ body }) => openAccount(accounts, new Fields(body)) },
    {
      method: 'POST',
      path: /^\/control\/accounts\/([^/]+)\/permissions$/,
      handle: ({ body }, name) => permit(account(name), new Fields(body)),
    },
    {
      method: 'POST',
      path: /^\/control\/accounts\/([^/]+)\/key$/,
      handle: ({ body }, name) => {
        new Fields(body).allow('A new key', []);
        return accounts.renewKey(account(name));
      },
    },
    {
      method: 'POST',
      path: /^\/control\/accounts\/([^/]+)\/balances$/,
      handle: ({ body }, name) => transfer(exchange.parts, account(name), new Fields(body)),
    },
    {
      method: 'POST',
      path: /^\/control\/accounts\/([^/]+)\/calls$/,
      handle: ({ body }, name) => {
        const fields = new Fields(body);
        fields.allow('A call', ['method', 'path', 'parameters']);
        const query = new URLSearchParams(fields.texts('parameters')).toString();
        return exchange.callAs(account(name), {
          method: fields.text('method', 'GET'),
          path: fields.text('path', null),
          query,
        });
      },
    },
    {
      method: 'POST',
      path: /^\/control\/markets\/([^/]+)$/,
      handle: ({ body }, symbol = '') => move(exchange.parts, symbol, new Fields(body)),
    },
    {
      method: 'POST',
      path: /^\/control\/markets\/([^/]+)\/mark-price$/,
      handle: ({ body }, symbol = '') => fixMark(exchange.futures, symbol, new Fields(body)),
    },
    {
      method: 'POST',
      path: /^\/control\/markets\/([^/]+)\/funding$/,
      handle: ({ body }, symbol = '') => fund(exchange.futures, symbol, new Fields(body)),
    },
  ];
}

function stepClock(clock: ExchangeClock, fields: Fields): object {
  fields.allow('The clock', ['offsetMs']);
  const offsetMs = fields.integer('offsetMs', null);
  if (Math.abs(offsetMs) > maxOffsetMs) throw new ControlError(`"offsetMs" may be at most ${maxOffsetMs} either way.`);
  clock.step(offsetMs);
  return { offsetMs, now: clock.now() };
}

function openAccount(accounts: AccountRegistry, fields: Fields): object {
  fields.allow('An account', ['name', 'balances', ...permissionNames]);
  const name = fields.text('name', null);
  const balances = Object.entries(fields.texts('balances')).map(
    ([asset, amount]) => [asset, exact(() => parseBigUnits(amount, moneyDecimals))] as const,
  );
  const initial = fields.names.includes('balances') ? new Map(balances) : null;
  const opened = accounts.open(name, readPermissions(fields, tradingOnly), initial);
  if (opened === null) throw new ControlError(`There is an account "${name}" already.`, 409);
  return opened.identity;
}

function permit(account: Account, fields: Fields): object {
  fields.allow('A key', permissionNames);
  account.identity.permissions = readPermissions(fields, account.identity.permissions);
  return account.identity.permissions;
}

function readPermissions(fields: Fields, byDefault: Permissions): Permissions {
  const given = permissionNames.map((name) => [name, fields.flag(name, byDefault[name])]);
  return { ...byDefault, ...Object.fromEntries(given) } as Permissions;
}

function transfer(parts: readonly ExchangePart[], account: Account, fields: Fields): object {
  fields.allow('A balance', ['wallet', 'asset', 'amount', 'reason', 'listAfterMs']);
  const wallet = fields.oneOf('wallet', ['spot', 'usdm'], 'spot');
  const asset = fields.text('asset', null);
  const amount = fields.text('amount', null);
  const reason = fields.oneOf(
    'reason',
    ['deposit', 'withdrawal', 'drift'],
    amount.startsWith('-') ? 'withdrawal' : 'deposit',
  );
  const listAfterMs = fields.whole('listAfterMs', 0);
  const isDone = exact(() => partNamed(parts, wallet).transfer(account, { asset, amount, reason, listAfterMs }));
  if (!isDone) throw new ControlError(`There is not as much ${asset} free.`, 409);
  return { wallet, asset, amount, reason };
}

function move(parts: readonly ExchangePart[], symbol: string, fields: Fields): object {
  fields.allow('A market', ['part', 'price']);
  const part = partNamed(parts, fields.oneOf('part', ['spot', 'usdm'], 'spot'));
  if (!part.symbols.includes(symbol)) throw new ControlError(`There is no market ${symbol}.`, 404);
  const price = fields.text('price', null);
  if (!part.move(symbol, price)) throw new ControlError(`"${price}" is not a price of ${symbol}.`);
  return { symbol, price };
}

function fixMark(futures: FuturesHouse, symbol: string, fields: Fields): object {
  fields.allow('A mark price', ['price']);
  const price = fields.optionalText('price');
  const units = price === null ? null : exact(() => parseBigUnits(price, moneyDecimals));
  futures.fixMark(contract(futures, symbol), units);
  return { symbol, price };
}

function fund(futures: FuturesHouse, symbol: string, fields: Fields): object {
  fields.allow('A funding', ['rate']);
  const rate = fields.text('rate', '0.0001');
  futures.fund(
    contract(futures, symbol),
    exact(() => parseSignedUnits(rate, moneyDecimals)),
    futures.now(),
  );
  return { symbol, rate };
}

function contract(futures: FuturesHouse, symbol: string): SimulatedMarket {
  const market = futures.markets.get(symbol);
  if (market === undefined) throw new ControlError(`There is no contract ${symbol}.`, 404);
  return market;
}

function partNamed(parts: readonly ExchangePart[], name: ExchangePart['name']): ExchangePart {
  const part = parts.find((candidate) => candidate.name === name);
  if (part === undefined) throw new ControlError(`This exchange has no part "${name}".`, 404);
  return part;
}

function exact<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new ControlError(`${error.message}.`);
  }
}

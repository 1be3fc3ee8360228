import type { ExecutionMode } from '../../domain/accounts';
import { compareDecimals } from '../../domain/compareDecimals';
import { isDecimalString, type DecimalString } from '../../domain/decimal';
import type { ExchangeCredentials } from '../../domain/exchangeCredentials';
import { Secret } from '../../domain/secret';
import { refuse, type Refusal } from '../refusal';

/** What a client asks for. Decimals are text. */
export interface AccountInput {
  readonly label: string;
  readonly exchange: string;
  readonly mode: ExecutionMode;
  readonly currency: string;
  readonly apiKey: string | null;
  readonly secret: string | null;
  readonly passphrase: string | null;
  readonly paperBalances: readonly { readonly currency: string; readonly amount: string }[] | null;
}

export interface PaperMoney {
  readonly currency: string;
  readonly amount: DecimalString;
}

/** The money of a PAPER account, or the key of a LIVE one. */
export type AccountFunds =
  | { readonly mode: 'PAPER'; readonly money: readonly PaperMoney[] }
  | { readonly mode: 'LIVE'; readonly credentials: ExchangeCredentials };

/** Where accounts can be, by our names of the exchanges. */
export interface AccountPlaces {
  readonly exchanges: readonly string[];
  /** Those that LIVE accounts can be at. */
  readonly tradable: readonly string[];
}

const longestLabel = 60;
const longestKey = 512;
/** PEM of an RSA key is a secret too. */
const longestSecret = 4_096;
const mostBalances = 20;
/** Less than a billion billions, to 18 places. */
const amountPattern = /^\d{1,15}(\.\d{1,18})?$/;

/** The input's money or key, or what is wrong with it. Whether its currencies exist is not looked at here. */
export function readAccountInput(input: AccountInput, places: AccountPlaces): AccountFunds | Refusal {
  const { label, exchange, mode } = input;
  if (label.trim() === '' || label.length > longestLabel || /\p{C}/u.test(label))
    return refuse('LABEL_NOT_ACCEPTABLE', `A label has 1 to ${longestLabel} visible characters.`, ['label']);
  if (!places.exchanges.includes(exchange))
    return refuse('EXCHANGE_NOT_FOUND', `This server knows: ${places.exchanges.join(', ')}.`, ['exchange']);
  if (mode === 'PAPER') return readPaper(input);
  if (input.paperBalances !== null)
    return refuse('BALANCES_NOT_ACCEPTABLE', 'The balances of a LIVE account are those at its exchange.', [
      'paperBalances',
    ]);
  if (!places.tradable.includes(exchange)) return notTradable(exchange, places.tradable);
  const credentials = readCredentials(input);
  return 'code' in credentials ? credentials : { mode, credentials };
}

/** A key as it was typed in, or what is wrong with its form. */
export function readCredentials(
  input: Pick<AccountInput, 'apiKey' | 'secret' | 'passphrase'>,
): ExchangeCredentials | Refusal {
  const { apiKey, secret, passphrase } = input;
  if (apiKey === null || !isKeyText(apiKey, longestKey)) return badKey('apiKey');
  if (secret === null || secret === '' || secret.length > longestSecret) return badKey('secret');
  if (passphrase !== null && !isKeyText(passphrase, longestKey)) return badKey('passphrase');
  return {
    apiKey: new Secret(apiKey),
    secret: new Secret(secret),
    passphrase: passphrase === null ? null : new Secret(passphrase),
  };
}

function readPaper({ apiKey, secret, passphrase, paperBalances }: AccountInput): AccountFunds | Refusal {
  if (apiKey !== null || secret !== null || passphrase !== null)
    return refuse('CREDENTIALS_NOT_ACCEPTABLE', 'A PAPER account has no key: it never reaches an exchange.', [
      'apiKey',
    ]);
  const balances = paperBalances ?? [];
  const problem = findBadBalances(balances);
  if (problem !== null) return refuse('BALANCES_NOT_ACCEPTABLE', problem, ['paperBalances']);
  return {
    mode: 'PAPER',
    money: balances.map(({ currency, amount }) => ({ currency, amount: amount as DecimalString })),
  };
}

function findBadBalances(balances: NonNullable<AccountInput['paperBalances']>): string | null {
  if (balances.length === 0 || balances.length > mostBalances)
    return `Say with how much money the PAPER account begins, in 1 to ${mostBalances} currencies.`;
  if (new Set(balances.map(({ currency }) => currency)).size < balances.length)
    return 'A currency is named more than once.';
  if (!balances.every(({ amount }) => isDecimalString(amount) && amountPattern.test(amount)))
    return 'An amount is a decimal of at most 15 digits before the point and 18 behind it, not below 0.';
  const zero = '0' as DecimalString;
  const hasMoney = balances.some(({ amount }) => compareDecimals(amount as DecimalString, zero) > 0);
  return hasMoney ? null : 'All amounts are 0: nothing could be traded.';
}

/** What exchanges give has no spaces; a line break at the end comes from copying. */
function isKeyText(text: string, longest: number): boolean {
  return text !== '' && text.length <= longest && !/\s/.test(text);
}

function badKey(field: 'apiKey' | 'secret' | 'passphrase'): Refusal {
  return refuse('CREDENTIALS_NOT_ACCEPTABLE', `\`${field}\` is missing, too long, or has spaces in it.`, [field]);
}

function notTradable(exchange: string, tradable: readonly string[]): Refusal {
  const places = tradable.length === 0 ? 'nowhere with the exchanges of this server' : `at ${tradable.join(', ')}`;
  return refuse(
    'EXCHANGE_NOT_TRADABLE',
    `LIVE accounts can be ${places}. ${exchange} does not tell what a key may do, and a key that might withdraw is not taken. PAPER accounts can be at ${exchange}.`,
    ['exchange'],
  );
}

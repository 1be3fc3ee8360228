import { Decimal } from '../../domain/decimal';
import type { ExchangeCredentials } from '../../domain/exchangeCredentials';
import type { EpochMs } from '../../domain/marketData';
import type { PaperBalance } from '../../domain/paperLedger';
import type { PositionMode } from '../../domain/orders';
import type { AccountStore } from '../../storage/trading/accountStore';
import { newAccount } from '../../storage/trading/accountTable';
import { targetOf } from '../../storage/trading/audit';
import type { CredentialRecord, CredentialStore } from '../../storage/trading/credentialStore';
import type { AccountRecord } from '../../storage/trading/records';
import type { TradingStore } from '../../storage/trading/tradingStore';
import { accountNotFound, type Asker } from '../orderIntake';
import { refuse, type Refusal } from '../refusal';
import {
  readAccountInput,
  readCredentials,
  type AccountFunds,
  type AccountInput,
  type AccountPlaces,
  type PaperMoney,
} from './accountInput';
import type { FitKey, KeyCheck } from './keyCheck';
import type { KeyVault } from './sealedKeys';

/** What came of a change. `account` is as it was when the answer was given. */
export interface AccountAnswer {
  readonly account: AccountRecord | null;
  readonly refusals: readonly Refusal[];
}

export interface AccountServiceParts {
  readonly store: TradingStore;
  readonly accounts: AccountStore;
  readonly credentials: CredentialStore;
  readonly places: AccountPlaces;
  readonly vault: KeyVault;
  readonly check: KeyCheck;
  readonly clock: () => EpochMs;
  readonly newId: () => string;
  /** Whether a LIVE account waits for a second person before it trades. */
  readonly liveNeedsApproval: boolean;
  /** Every currency that an exchange trades. Throws EXCHANGE_UNAVAILABLE. */
  readonly currencies: (exchange: string) => Promise<ReadonlySet<string>>;
  /** Gives a PAPER account its first money; again for the same: nothing changes. */
  readonly openPaperBooks: (account: {
    readonly exchange: string;
    readonly accountId: string;
    readonly positionMode: PositionMode;
    readonly balances: ReadonlyMap<string, PaperBalance>;
  }) => Promise<void>;
  /** Ends the open orders of a PAPER account, as far as they can be now. */
  readonly closePaperBooks: (asker: Asker, account: AccountRecord) => Promise<void>;
}

/** What one person can keep an eye on. */
const maxAccounts = 20;

/** How accounts come and go. Every attempt is audited; no key is ever given back. */
export class AccountService {
  constructor(private readonly parts: AccountServiceParts) {}

  /**
   * Makes an account, PAPER with its own money or LIVE behind a key that was judged first.
   * Throws EXCHANGE_UNAVAILABLE, EXCHANGE_RATE_LIMITED, SEALING_UNAVAILABLE: then nothing was made.
   */
  async create(asker: Asker, input: AccountInput): Promise<AccountAnswer> {
    const funds = readAccountInput(input, this.parts.places);
    if ('code' in funds) return this.#refused(asker, creation, [funds]);
    const unknown = await this.#findUnknownCurrency(input, funds);
    if (unknown !== null) return this.#refused(asker, creation, [unknown]);
    if (funds.mode === 'PAPER') return this.openPaper(asker, { ...input, money: funds.money });
    const verdict = await this.parts.check.ask(input.exchange, funds.credentials);
    if (verdict.kind === 'unfit') return this.#refused(asker, creation, verdict.refusals);
    return this.#createLive(asker, input, { credentials: funds.credentials, key: verdict.key });
  }

  /** Makes a PAPER account whose money is known to exist: nobody is asked. */
  async openPaper(
    asker: Asker,
    input: Pick<AccountInput, 'label' | 'exchange' | 'currency'> & { readonly money: readonly PaperMoney[] },
  ): Promise<AccountAnswer> {
    const account = this.#draft(asker, { ...input, mode: 'PAPER', positionMode: 'ONE_WAY', keyHint: null });
    const balances = new Map(
      input.money.map(({ currency, amount }) => [currency, { free: new Decimal(amount), used: new Decimal(0) }]),
    );
    // The books first: an account without them could not be opened, books without an account are seen by nobody.
    const { exchange, id, positionMode } = account;
    await this.parts.openPaperBooks({ exchange, accountId: id, positionMode, balances });
    return this.#insert(asker, account, null);
  }

  /** Puts a key in the place of an account's, judged as a new one is. Throws as `create` does. */
  async replaceCredentials(
    asker: Asker,
    accountId: string,
    input: Pick<AccountInput, 'apiKey' | 'secret' | 'passphrase'>,
  ): Promise<AccountAnswer> {
    const action = 'account.replaceCredentials';
    const refused = (...refusals: readonly Refusal[]) => this.#refused(asker, { action, target: accountId }, refusals);
    const account = await this.parts.store.ownedAccount(asker.userId, accountId);
    if (account === null) return refused(accountNotFound());
    if (account.mode === 'PAPER')
      return refused(refuse('CREDENTIALS_NOT_ACCEPTABLE', 'A PAPER account has no key.', ['account']));
    const credentials = readCredentials(input);
    if ('code' in credentials) return refused(credentials);
    const { places, check } = this.parts;
    if (!places.tradable.includes(account.exchange))
      return refused(
        refuse('EXCHANGE_NOT_TRADABLE', `This server does not reach ${account.exchange} now.`, ['account']),
      );
    const verdict = await check.ask(account.exchange, credentials);
    if (verdict.kind === 'unfit') return refused(...verdict.refusals);
    const before = await this.parts.credentials.find(account.id);
    if (isOfAnother(before, verdict.key))
      return refused(
        refuse(
          'KEY_OF_ANOTHER_ACCOUNT',
          'This key is of another account at the exchange. Its orders and balances would not be those of this account: make a new one for it.',
          ['apiKey'],
        ),
      );
    const isDone = await this.parts.credentials.replace({
      ownerId: asker.userId,
      accountId: account.id,
      credentials: await this.#sealed(account, { credentials, key: verdict.key }),
      keyHint: this.parts.vault.hintOf(credentials),
      needsApproval: this.parts.liveNeedsApproval,
      audit: this.#entry(asker, { action, target: account.id }, 'replaced'),
    });
    return isDone ? this.#made(asker, account.id) : refused(accountNotFound());
  }

  /** Forgets its key and shows it to nobody any more; what it did stays written. */
  async remove(asker: Asker, accountId: string): Promise<AccountAnswer> {
    const { store, accounts, clock, closePaperBooks } = this.parts;
    const account = await store.ownedAccount(asker.userId, accountId);
    const at = clock();
    const audit = this.#entry(asker, { action: 'account.remove', target: accountId }, 'done');
    if (account?.mode === 'PAPER') await closePaperBooks(asker, account);
    const outcome = await accounts.remove({ ownerId: asker.userId, accountId, at, audit });
    switch (outcome) {
      case 'done':
        return { account: account === null ? null : { ...account, removedAt: at }, refusals: [] };
      case 'noAccount':
        return { account: null, refusals: [accountNotFound()] };
      case 'ordersOpen':
        return { account, refusals: [refuse('ACCOUNT_HAS_ORDERS', 'Orders are open. Cancel them first.', ['id'])] };
      case 'positionsOpen':
        return {
          account,
          refusals: [refuse('ACCOUNT_HAS_POSITIONS', 'Positions are open. Close them first.', ['id'])],
        };
    }
  }

  async #createLive(asker: Asker, input: AccountInput, held: HeldKey): Promise<AccountAnswer> {
    const { positionMode } = held.key;
    const keyHint = this.parts.vault.hintOf(held.credentials);
    const approval = this.parts.liveNeedsApproval ? 'AWAITED' : 'NOT_NEEDED';
    const account: AccountRecord = { ...this.#draft(asker, { ...input, positionMode, keyHint }), approval };
    return this.#insert(asker, account, await this.#sealed(account, held));
  }

  async #insert(asker: Asker, account: AccountRecord, credentials: CredentialRecord | null): Promise<AccountAnswer> {
    const audit = this.#entry(asker, { ...creation, target: account.id }, `${account.mode} at ${account.exchange}`);
    const outcome = await this.parts.accounts.insert({ account, credentials, maxAccounts, audit });
    switch (outcome) {
      case 'done':
        return { account, refusals: [] };
      case 'tooMany':
        return {
          account: null,
          refusals: [refuse('TOO_MANY_ACCOUNTS', `You have ${maxAccounts} accounts. Remove one first.`)],
        };
      case 'taken':
        return {
          account: null,
          refusals: [refuse('EXCHANGE_ACCOUNT_TAKEN', 'The account that this key is of is here already.', ['apiKey'])],
        };
    }
  }

  #draft(
    { userId }: Asker,
    made: Pick<AccountRecord, 'label' | 'exchange' | 'mode' | 'currency' | 'positionMode' | 'keyHint'>,
  ): AccountRecord {
    const { newId, clock } = this.parts;
    const { label, exchange, mode, currency, positionMode, keyHint } = made;
    const [id, createdAt, ownerId] = [newId(), clock(), userId];
    return newAccount({
      id,
      ownerId,
      label: label.trim(),
      exchange,
      mode,
      currency,
      positionMode,
      keyHint,
      createdAt,
    });
  }

  async #sealed({ id, ownerId }: AccountRecord, { credentials, key }: HeldKey): Promise<CredentialRecord> {
    const { vault, clock } = this.parts;
    const sealed = await vault.seal({ ownerId, accountId: id }, credentials);
    return { sealed, exchangeAccount: key.exchangeAccount, checkedAt: clock() };
  }

  async #findUnknownCurrency({ exchange, currency }: AccountInput, funds: AccountFunds): Promise<Refusal | null> {
    const known = await this.parts.currencies(exchange);
    // Which one, by its place: what was typed there is not told back.
    const missing = (...path: readonly string[]): Refusal =>
      refuse('CURRENCY_NOT_FOUND', `Nothing is traded in this currency at ${exchange}.`, path);
    if (!known.has(currency)) return missing('currency');
    const money = funds.mode === 'PAPER' ? funds.money : [];
    const unknown = money.findIndex((one) => !known.has(one.currency));
    return unknown === -1 ? null : missing('paperBalances', String(unknown), 'currency');
  }

  async #made({ userId }: Asker, accountId: string): Promise<AccountAnswer> {
    return { account: await this.parts.store.ownedAccount(userId, accountId), refusals: [] };
  }

  async #refused(asker: Asker, deed: Deed, refusals: readonly Refusal[]): Promise<AccountAnswer> {
    const outcome = `refused: ${refusals.map(({ code }) => code).join(', ')}`;
    await this.parts.accounts.audit(this.#entry(asker, deed, outcome));
    return { account: null, refusals };
  }

  #entry({ actor, ip = null }: Asker, { action, target }: Deed, outcome: string) {
    return { at: this.parts.clock(), actor, ip, action, target: target === null ? null : targetOf(target), outcome };
  }
}

interface Deed {
  readonly action: string;
  readonly target: string | null;
}

const creation: Deed = { action: 'account.create', target: null };

interface HeldKey {
  readonly credentials: ExchangeCredentials;
  readonly key: FitKey;
}

/** Where either is not told, it cannot be said. */
function isOfAnother(before: CredentialRecord | null, { exchangeAccount }: FitKey): boolean {
  const known = before?.exchangeAccount ?? null;
  return known !== null && exchangeAccount !== null && known !== exchangeAccount;
}

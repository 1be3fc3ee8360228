import { ExchangeNotNamed } from '../../exchanges/exchangeNotNamed';
import type { TradingPort } from '../../exchanges/tradingPort';
import type { AccountRecord } from '../../storage/trading/records';
import { haltAccount, type HaltParts } from './haltAccount';
import type { KeyCheckParts } from './keyCheck';
import type { SealedKeys } from './sealedKeys';

export interface AccountPortsParts extends HaltParts {
  readonly keys: SealedKeys;
  readonly openLive: KeyCheckParts['openLive'];
  /** The way to a PAPER account; null where its exchange is not configured. */
  readonly openPaper: (account: { readonly exchange: string; readonly accountId: string }) => TradingPort | null;
}

/** The way to the exchange of each account, real or on paper. */
export class AccountPorts {
  constructor(private readonly parts: AccountPortsParts) {}

  /** Rejects where the account cannot be traded, with ExchangeNotNamed where that is why; one whose key does not open is halted as well. */
  async open(account: AccountRecord): Promise<TradingPort> {
    if (account.mode === 'PAPER') {
      const port = this.parts.openPaper({ exchange: account.exchange, accountId: account.id });
      if (port === null) throw new ExchangeNotNamed(account.exchange);
      return port;
    }
    const key = await this.parts.keys.open(account);
    if (key.kind === 'open') return this.parts.openLive({ exchangeId: account.exchange, credentials: key.credentials });
    await haltAccount(this.parts, { accountId: account.id, ...key });
    throw new Error(key.reason);
  }
}

import type { EpochMs } from '../../domain/marketData';
import type { AccountReader } from '../../storage/trading/accountReader';
import type { AccountSnapshot, RiskStore } from '../../storage/trading/riskStore';
import type { MarketFacts } from '../marketFacts';
import { nextEquityStep, type EquityStep } from './equityCourse';
import { PriceTable, type Prices } from './priceTable';
import { riskStatusOf, type RiskStatus } from './riskStatus';
import { valueAccount } from './valuation';

export interface AccountEquityParts {
  readonly risk: RiskStore;
  readonly markets: Pick<MarketFacts, 'market' | 'quote'>;
  readonly clock: () => EpochMs;
}

/** A valuation takes no price whose source was not proven alive for longer than this. */
const maxPriceAgeMs = 10_000;

/** What accounts are worth now. Writes nothing; any node may ask. */
export class AccountEquity {
  constructor(private readonly parts: AccountEquityParts) {}

  /** Prices for one round of valuations at an exchange. */
  prices(exchange: string): Prices {
    const { markets, clock } = this.parts;
    return new PriceTable({ exchange, markets, clock, maxAgeMs: maxPriceAgeMs });
  }

  /** Null where a price that it needs is not known, or nobody has asked the exchange yet what the account holds. */
  async step(snapshot: AccountSnapshot, prices = this.prices(snapshot.account.exchange)): Promise<EquityStep | null> {
    const { account, balances, positions } = snapshot;
    if (account.reconciledEpoch === null) return null;
    const valuation = await valueAccount({ currency: account.currency, balances, positions }, prices);
    return valuation === null ? null : nextEquityStep(snapshot, valuation, this.parts.clock());
  }

  /** Null where there is no such account, and where it is not this reader's to see. */
  async riskStatus(accountId: string, reader: AccountReader): Promise<RiskStatus | null> {
    const snapshot = await this.parts.risk.snapshot(accountId, reader);
    if (snapshot === null) return null;
    const step = await this.step(snapshot);
    const account = { ...snapshot.account, highWaterMark: step?.highWaterMark ?? snapshot.account.highWaterMark };
    return riskStatusOf({ account, house: snapshot.house, equity: step?.facts ?? null });
  }
}

import type { ExchangeCredentials } from '../../domain/exchangeCredentials';
import type { PositionMode } from '../../domain/orders';
import { AppError } from '../../errors/appError';
import type { TradingPort } from '../../exchanges/tradingPort';
import { judgeKey, type KeyViolation } from '../keyPolicy';
import { refuse, type Refusal } from '../refusal';

export interface KeyCheckParts {
  /** One account at an exchange; nothing is dialled before its first use. */
  readonly openLive: (account: {
    readonly exchangeId: string;
    readonly credentials: ExchangeCredentials;
  }) => TradingPort;
  /** True of testnets and of the simulator. */
  readonly isTestnet: (exchange: string) => boolean;
}

export interface FitKey {
  /** What the exchange calls the account behind the key; null where it does not tell. */
  readonly exchangeAccount: string | null;
  readonly positionMode: PositionMode;
}

export type KeyVerdict =
  | { readonly kind: 'fit'; readonly key: FitKey }
  /** For good: the exchange refuses the key, or it may do too much or too little. At least one. */
  | { readonly kind: 'unfit'; readonly refusals: readonly Refusal[] };

/** Asks exchanges what keys may do, and judges it. */
export class KeyCheck {
  constructor(private readonly parts: KeyCheckParts) {}

  /** Throws EXCHANGE_UNAVAILABLE, EXCHANGE_RATE_LIMITED: then nothing is known of the key. */
  async ask(exchange: string, credentials: ExchangeCredentials): Promise<KeyVerdict> {
    const port = this.parts.openLive({ exchangeId: exchange, credentials });
    try {
      const permissions = await port.keyPermissions();
      const violations = judgeKey(permissions, { isTestnet: this.parts.isTestnet(exchange) });
      if (violations.length > 0) return { kind: 'unfit', refusals: violations.map((one) => explain(exchange, one)) };
      const [exchangeAccount, positionMode] = [await port.exchangeAccount(), await port.positionMode()];
      return { kind: 'fit', key: { exchangeAccount, positionMode } };
    } catch (error) {
      if (!(error instanceof AppError) || error.code !== 'CREDENTIALS_REFUSED') throw error;
      return { kind: 'unfit', refusals: [refuse(error.code, error.publicMessage, ['apiKey'])] };
    } finally {
      await port.close();
    }
  }
}

const rights: Readonly<Record<KeyViolation['permission'], string>> = {
  mayTrade: 'may trade',
  mayWithdraw: 'may withdraw',
  mayTransfer: 'may transfer',
  isIpRestricted: 'is restricted to addresses',
};

function explain(exchange: string, { code, permission }: KeyViolation): Refusal {
  return refuse(code, messageOf(exchange, { code, permission }), ['apiKey']);
}

function messageOf(exchange: string, { code, permission }: KeyViolation): string {
  switch (code) {
    case 'KEY_CAN_WITHDRAW':
      return `This key may withdraw money. Use one that ${exchange} lets read and trade, and nothing else.`;
    case 'KEY_CAN_TRANSFER':
      return `This key may transfer money. Use one that ${exchange} lets read and trade, and nothing else.`;
    case 'KEY_NOT_IP_RESTRICTED':
      return `This key works from everywhere. Restrict it, at ${exchange}, to the addresses of this server.`;
    case 'KEY_CANNOT_TRADE':
      return `This key may not trade. Allow it to, at ${exchange}.`;
    case 'KEY_PERMISSIONS_UNKNOWN':
      return `${exchange} does not tell whether this key ${rights[permission]}. A key of which that is not known is not used.`;
  }
}

import { createRequire } from 'node:module';
import path from 'node:path';

export interface LevelItem {
  readonly price: string;
  readonly quantity: string;
}

export interface DealItem extends LevelItem {
  /** 1: the taker bought; 2: the taker sold. */
  readonly tradeType: 1 | 2;
  readonly time: number;
}

export interface PrivateOrder {
  readonly id: string;
  readonly clientId: string;
  readonly price: string;
  readonly quantity: string;
  /** What the whole of it costs. */
  readonly amount: string;
  readonly avgPrice: string;
  readonly orderType: number;
  /** 1: it buys; 2: it sells. */
  readonly tradeType: 1 | 2;
  readonly remainAmount: string;
  readonly remainQuantity: string;
  readonly cumulativeQuantity: string;
  readonly cumulativeAmount: string;
  readonly status: number;
  readonly createTime: number;
}

export interface PrivateDeal extends LevelItem {
  readonly amount: string;
  readonly tradeType: 1 | 2;
  readonly isMaker: boolean;
  readonly isSelfTrade: boolean;
  readonly tradeId: string;
  readonly clientOrderId: string;
  readonly orderId: string;
  readonly feeAmount: string;
  readonly feeCurrency: string;
  readonly time: number;
}

export interface PrivateAccount {
  readonly vcoinName: string;
  /** What is free. */
  readonly balanceAmount: string;
  readonly balanceAmountChange: string;
  readonly frozenAmount: string;
  readonly frozenAmountChange: string;
  readonly type: string;
  readonly time: number;
}

/** What a channel's frame carries: exactly one of these. Versions are decimal text; times of candles are in seconds. */
export type PushBody =
  | { readonly publicAggreDeals: { readonly deals: readonly DealItem[]; readonly eventType: string } }
  | {
      readonly publicAggreDepths: {
        readonly asks: readonly LevelItem[];
        readonly bids: readonly LevelItem[];
        readonly eventType: string;
        readonly fromVersion: string;
        readonly toVersion: string;
      };
    }
  | {
      readonly publicLimitDepths: {
        readonly asks: readonly LevelItem[];
        readonly bids: readonly LevelItem[];
        readonly eventType: string;
        readonly version: string;
      };
    }
  | {
      readonly publicAggreBookTicker: {
        readonly bidPrice: string;
        readonly bidQuantity: string;
        readonly askPrice: string;
        readonly askQuantity: string;
      };
    }
  | {
      readonly publicSpotKline: {
        readonly interval: string;
        readonly windowStart: number;
        readonly openingPrice: string;
        readonly closingPrice: string;
        readonly highestPrice: string;
        readonly lowestPrice: string;
        readonly volume: string;
        readonly amount: string;
        readonly windowEnd: number;
      };
    }
  | {
      readonly publicMiniTicker: {
        readonly symbol: string;
        readonly price: string;
        readonly rate: string;
        readonly zonedRate: string;
        readonly high: string;
        readonly low: string;
        readonly volume: string;
        readonly quantity: string;
      };
    }
  | { readonly privateOrders: PrivateOrder }
  | { readonly privateDeals: PrivateDeal }
  | { readonly privateAccount: PrivateAccount };

export interface PushHeader {
  readonly channel: string;
  /** Of what belongs to a market. */
  readonly symbol?: string;
  readonly sendTime?: number;
  readonly createTime?: number;
}

export type PushMessage = PushHeader & PushBody;

interface Definitions {
  readonly PushDataV3ApiWrapper: {
    encode(message: PushMessage): { finish(): Uint8Array };
    decode(frame: Uint8Array): { toJSON(): unknown };
  };
}

/**
 * ccxt's compiled definitions of MEXC's messages, those that its clients read with. They are a file of their own that
 * needs nothing but protobufjs; ccxt's `exports` do not name it, so it is found by its place in the package.
 */
export function loadDefinitions(): Definitions {
  const require = createRequire(__filename);
  const entry = require.resolve('ccxt');
  return require(path.resolve(path.dirname(entry), '../js/src/protobuf/mexc/compiled.cjs')) as Definitions;
}

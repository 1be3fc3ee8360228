import type { DecimalString } from '../../domain/decimal';
import type { AccountRecord } from './records';
import { TableColumns } from './columns';

type Limits = AccountRecord['limits'];

/** The columns of `accounts`, its limits beside the rest. */
type Flat = Omit<AccountRecord, 'limits'> & Limits;

const table = new TableColumns<Flat>('accounts', {
  id: ['id', 'text'],
  ownerId: ['owner_id', 'text'],
  label: ['label', 'text'],
  exchange: ['exchange', 'text'],
  mode: ['mode', 'text'],
  currency: ['currency', 'text'],
  positionMode: ['position_mode', 'text'],
  keyHint: ['key_hint', 'text'],
  createdAt: ['created_at', 'time'],
  removedAt: ['removed_at', 'time'],
  eventSeq: ['event_seq', 'integer'],
  reconciledEpoch: ['reconciled_epoch', 'integer'],
  tradingState: ['trading_state', 'text'],
  tradingStateReason: ['trading_state_reason', 'text'],
  flattenNumber: ['flatten_number', 'integer'],
  flattenActive: ['flatten_active', 'boolean'],
  flattenedNumber: ['flattened_number', 'integer'],
  maxOrderNotional: ['max_order_notional', 'money'],
  maxPositionNotional: ['max_position_notional', 'money'],
  maxDailyLoss: ['max_daily_loss', 'money'],
  maxDrawdown: ['max_drawdown', 'money'],
  maxOrdersPerMinute: ['max_orders_per_minute', 'integer'],
  maxPriceAgeMs: ['max_price_age_ms', 'integer'],
  highWaterMark: ['high_water_mark', 'money'],
  day: ['day', 'text'],
  dayOpeningEquity: ['day_opening_equity', 'money'],
  credentialsNumber: ['credentials_number', 'integer'],
  approval: ['approval', 'text'],
});

/** What of an account changes after it was made. */
export type AccountChange = Partial<
  Pick<
    AccountRecord,
    | 'label'
    | 'keyHint'
    | 'positionMode'
    | 'removedAt'
    | 'reconciledEpoch'
    | 'tradingState'
    | 'tradingStateReason'
    | 'flattenNumber'
    | 'flattenActive'
    | 'flattenedNumber'
    | 'limits'
    | 'highWaterMark'
    | 'day'
    | 'dayOpeningEquity'
  >
>;

export const accountTable = {
  list: (of?: string): string => table.list(of),
  read: (row: Readonly<Record<string, unknown>>): AccountRecord => {
    const {
      maxOrderNotional,
      maxPositionNotional,
      maxDailyLoss,
      maxDrawdown,
      maxOrdersPerMinute,
      maxPriceAgeMs,
      ...rest
    } = table.read(row);
    return {
      ...rest,
      limits: { maxOrderNotional, maxPositionNotional, maxDailyLoss, maxDrawdown, maxOrdersPerMinute, maxPriceAgeMs },
    };
  },
  insertion: ({ limits, ...rest }: AccountRecord) => table.insertion({ ...rest, ...limits }),
  assignment: ({ limits, ...rest }: AccountChange, first: number) => table.assignment({ ...rest, ...limits }, first),
} as const;

/** An account that has just been made: active, without limits, not reconciled yet, and waiting for nobody. */
export function newAccount(
  account: Pick<
    AccountRecord,
    'id' | 'ownerId' | 'label' | 'exchange' | 'mode' | 'currency' | 'positionMode' | 'keyHint' | 'createdAt'
  >,
): AccountRecord {
  return {
    ...account,
    removedAt: null,
    eventSeq: 0,
    reconciledEpoch: null,
    tradingState: 'ACTIVE',
    tradingStateReason: null,
    flattenNumber: 0,
    flattenActive: false,
    flattenedNumber: 0,
    limits: {
      maxOrderNotional: null,
      maxPositionNotional: null,
      maxDailyLoss: null,
      maxDrawdown: null,
      maxOrdersPerMinute: null,
      maxPriceAgeMs: null,
    },
    highWaterMark: '0' as DecimalString,
    day: null,
    dayOpeningEquity: null,
    credentialsNumber: 0,
    approval: 'NOT_NEEDED',
  };
}

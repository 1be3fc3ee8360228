import { toDecimalString, type DecimalString } from '../../domain/decimal';
import { difference } from '../../domain/money';
import { optional, readAmount, readRecord, readText, readTime } from '../readNumbers';
import type { ExchangeTransfer } from '../tradingPort';

const nothing = '0' as DecimalString;

/** Reads one of ccxt's deposits or withdrawals; null of one that has not come about (yet). Throws BadMarketData. */
export function readTransfer(value: unknown): ExchangeTransfer | null {
  const raw = readRecord(value, 'transfer');
  if (raw.status !== 'ok') return null;
  const moved = readAmount(raw.amount);
  const isDeposit = raw.type === 'deposit';
  const fee = optional(raw.fee, (present) => readRecord(present, 'fee').cost);
  const cost = optional(fee, (present) => readAmount(present, 'fee')) ?? nothing;
  const amount = isDeposit ? moved : difference(toDecimalString(`-${moved}`), cost);
  return {
    id: `${isDeposit ? 'deposit' : 'withdrawal'}-${readText(raw.id ?? raw.txid, 'id of a transfer')}`,
    kind: 'TRANSFER',
    symbol: null,
    currency: readText(raw.currency, 'currency'),
    amount,
    exchangeTime: readTime(raw.timestamp),
  };
}

import type { RiskLimits } from '../../domain/accounts';
import { compareDecimals } from '../../domain/compareDecimals';
import { isDecimalString, toDecimalString, type DecimalString } from '../../domain/decimal';
import { refuse, type Refusal } from '../refusal';

/** What a client asks for. Left out: stays as it is. Null: no limit. Decimals are text. */
export interface RiskLimitsInput {
  readonly maxOrderNotional?: string | null;
  readonly maxPositionNotional?: string | null;
  readonly maxDailyLoss?: string | null;
  readonly maxDrawdown?: string | null;
  readonly maxOrdersPerMinute?: number | null;
  readonly maxPriceAgeMs?: number | null;
}

const amounts = ['maxOrderNotional', 'maxPositionNotional', 'maxDailyLoss', 'maxDrawdown'] as const;
const counts = ['maxOrdersPerMinute', 'maxPriceAgeMs'] as const;
const largestCount = 2_147_483_647;

/** The limits as they would be, or what is wrong with them. */
export function readLimits(before: RiskLimits, input: RiskLimitsInput): RiskLimits | Refusal {
  const after: { -readonly [Key in keyof RiskLimits]: RiskLimits[Key] } = { ...before };
  for (const field of amounts) {
    const value = input[field];
    if (value === undefined) continue;
    if (value !== null && !isAmount(value, field))
      return refuse('LIMIT_NOT_ACCEPTABLE', `\`${field}\` must be ${wanted(field)}.`, ['limits', field]);
    after[field] = value === null ? null : toDecimalString(value);
  }
  for (const field of counts) {
    const value = input[field];
    if (value === undefined) continue;
    if (value !== null && !(Number.isInteger(value) && value >= 1 && value <= largestCount))
      return refuse('LIMIT_NOT_ACCEPTABLE', `\`${field}\` must be a whole number from 1 on.`, ['limits', field]);
    after[field] = value;
  }
  return after;
}

/** True where some limit lets more through than before: what a thief of a session would ask for. */
export function isLooser(after: RiskLimits, than: RiskLimits): boolean {
  return (
    amounts.some((field) => isRaised(after[field], than[field])) ||
    counts.some((field) => {
      const [now, before] = [after[field], than[field]];
      return before !== null && (now === null || now > before);
    })
  );
}

function isRaised(now: DecimalString | null, before: DecimalString | null): boolean {
  return before !== null && (now === null || compareDecimals(now, before) > 0);
}

/** Above 0 and what NUMERIC(38,18) holds; of a fraction, at most 1. */
function isAmount(value: string, field: (typeof amounts)[number]): boolean {
  if (!isDecimalString(value) || compareDecimals(value, '0' as DecimalString) <= 0) return false;
  const [whole = '', places = ''] = value.split('.');
  if (whole.length > 18 || places.length > 18) return false;
  return field !== 'maxDrawdown' || compareDecimals(value, '1' as DecimalString) <= 0;
}

function wanted(field: (typeof amounts)[number]): string {
  return field === 'maxDrawdown'
    ? 'a fraction above 0, at most 1: "0.2" is 20 %'
    : 'a decimal above 0 with at most 18 places';
}

import { toDecimalString, type DecimalString } from '../../domain/decimal';
import type { Fee } from '../../domain/orders';
import type { RunRows } from './runRows';
import type { ReaderStatement } from './statement';

/** Sums over one group and one quote currency. */
export interface SumsRecord {
  /** By the names that were grouped by. */
  readonly keys: Readonly<Record<string, string>>;
  readonly currency: string;
  readonly count: number;
  /** Base units, whichever the base currencies. */
  readonly amount: DecimalString;
  readonly cost: DecimalString;
  readonly fees: readonly Fee[];
  readonly realizedPnl: DecimalString;
}

/** What is summed up, in SQL. */
export interface Summed {
  /** FROM and JOINs. */
  readonly from: string;
  /** By the names of groups; a name that is not here is none that the table can be grouped by. */
  readonly groups: Readonly<Record<string, string>>;
  readonly marketId: string;
  readonly amount: string;
  readonly cost: string;
  /** A jsonb array of fees. */
  readonly fees: string;
  readonly realizedPnl: string;
}

/** A UTC hour or day of a column, as text: "2026-01-31T14:00:00.000Z", "2026-01-31". */
export function hourOf(column: string): string {
  return `to_char(date_trunc('hour', ${column} AT TIME ZONE 'UTC'), 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`;
}

export function dayOf(column: string): string {
  return `to_char(${column} AT TIME ZONE 'UTC', 'YYYY-MM-DD')`;
}

/** The sums of all rows that a statement finds, a row for each group and quote currency, at most `most` of them. */
export async function readSums(
  run: RunRows,
  { summed, statement, by, most }: { readonly summed: Summed; readonly statement: ReaderStatement } & SumsRequest,
): Promise<readonly SumsRecord[]> {
  const keys = by.map((name) => `'${name}', ${summed.groups[name] ?? 'NULL'}`).join(', ');
  const limit = statement.place(most, 'integer');
  const rows = await run(
    `WITH chosen AS (
       SELECT jsonb_build_object(${keys}) AS keys,
         split_part(split_part(${summed.marketId}, '/', 2), ':', 1) AS currency,
         ${summed.amount} AS amount, ${summed.cost} AS cost, ${summed.fees} AS fees, ${summed.realizedPnl} AS realized
       ${summed.from} WHERE ${statement.where}),
     paid AS (
       SELECT keys, currency, fee->>'currency' AS fee_currency, sum((fee->>'cost')::numeric) AS cost
       FROM chosen CROSS JOIN jsonb_array_elements(chosen.fees) fee GROUP BY 1, 2, 3)
     SELECT keys, currency, count(*)::int AS count, sum(amount) AS amount, sum(cost) AS cost, sum(realized) AS realized,
       (SELECT coalesce(jsonb_agg(jsonb_build_object('currency', p.fee_currency, 'cost', p.cost::text) ORDER BY p.fee_currency), '[]')
        FROM paid p WHERE p.keys = chosen.keys AND p.currency = chosen.currency) AS fees
     FROM chosen GROUP BY keys, currency ORDER BY keys, currency LIMIT ${limit}`,
    statement.values,
  );
  return rows.map(readRow);
}

export interface SumsRequest {
  readonly by: readonly string[];
  readonly most: number;
}

function readRow(row: Readonly<Record<string, unknown>>): SumsRecord {
  return {
    keys: row.keys as SumsRecord['keys'],
    currency: row.currency as string,
    count: row.count as number,
    amount: toDecimalString(row.amount),
    cost: toDecimalString(row.cost),
    fees: (row.fees as Fee[]).map(({ currency, cost }) => ({ currency, cost: toDecimalString(cost) })),
    realizedPnl: toDecimalString(row.realized),
  };
}

import type { Decimal, DecimalString } from '../../domain/decimal';

/** A row as PostgreSQL gives it. */
export type Row = Readonly<Record<string, unknown>>;

/** A record whose money is text, as the tables hold it. */
export type AsText<Entry> = {
  readonly [Key in keyof Entry]: Entry[Key] extends Decimal
    ? DecimalString
    : Entry[Key] extends Decimal | null
      ? DecimalString | null
      : Entry[Key];
};

/** A statement and its values. */
export interface Statement {
  readonly text: string;
  readonly values: readonly unknown[];
}

export const textOf = (value: Decimal): DecimalString => value.toString() as DecimalString;

import { isDecimalString } from '../../domain/decimal';
import { AppError } from '../../errors/appError';

/** Where an item stands in a list that is sorted in one way. */
export interface Place {
  /** An instant (ISO-8601), an exact decimal or a number of a sequence, as the list is sorted. */
  readonly value: string;
  readonly id: string;
}

export type PlaceKind = 'time' | 'decimal' | 'sequence';

/** list: what the cursor is one of, e.g. "orders CREATED_AT DESC"; a cursor of another list is refused. */
export interface CursorOf {
  readonly list: string;
  readonly kind: PlaceKind;
}

export function writeCursor({ list }: CursorOf, { value, id }: Place): string {
  return Buffer.from(JSON.stringify([list, value, id])).toString('base64url');
}

/** Throws BAD_USER_INPUT for anything that is no cursor of this list. */
export function readCursor(of: CursorOf, name: string, cursor: string): Place {
  const parts = parse(Buffer.from(cursor, 'base64url').toString());
  if (!Array.isArray(parts) || parts.length !== 3 || parts[0] !== of.list) throw notOfThisList(name);
  const [, value, id] = parts as unknown[];
  if (typeof value !== 'string' || !isPlace[of.kind](value) || typeof id !== 'string' || !uuid.test(id))
    throw notOfThisList(name);
  return { value, id };
}

const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** What can stand in such a list: the database takes nothing that is further off. */
const isPlace: Readonly<Record<PlaceKind, (value: string) => boolean>> = {
  time: (value) => /^(?!0000)\d{4}-/.test(value) && isInstant(value),
  decimal: isDecimalString,
  sequence: (value) => /^\d{1,16}$/.test(value) && Number.isSafeInteger(Number(value)),
};

function isInstant(value: string): boolean {
  const instant = new Date(value);
  return !Number.isNaN(instant.getTime()) && instant.toISOString() === value;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function notOfThisList(name: string): AppError {
  return new AppError('BAD_USER_INPUT', {
    publicMessage: `\`${name}\` is not a cursor of this list in this order. Begin without one.`,
  });
}

import type { ReaderStatement } from './statement';

/** Where a page begins or ends: the value of the sort field, as text, and the id. */
export interface KeysetPlace {
  readonly value: string;
  readonly id: string;
}

/** A part of a sorted list. */
export interface PageRequest {
  readonly size: number;
  /** True where the last `size` are wanted, in the order of the list none the less. */
  readonly isFromEnd: boolean;
  readonly after: KeysetPlace | null;
  readonly before: KeysetPlace | null;
}

export interface Page<Item> {
  readonly items: readonly Item[];
  readonly hasNextPage: boolean;
  readonly hasPreviousPage: boolean;
}

/** What a list is sorted by. Items with the same value are in the order of their ids. */
export interface KeysetOrder {
  /** The sort field and the id, in SQL. */
  readonly value: string;
  readonly valueType: string;
  readonly id: string;
  readonly isDescending: boolean;
}

/** Adds what a page asks for to a statement; gives its ORDER BY and LIMIT. One row more than asked for tells whether there is more. */
export function takePage(statement: ReaderStatement, order: KeysetOrder, page: PageRequest): string {
  const { value, valueType, id, isDescending } = order;
  for (const [place, isAfter] of [[page.after, true] as const, [page.before, false] as const]) {
    if (place === null) continue;
    const comparison = isAfter === isDescending ? '<' : '>';
    const idPlace = statement.place(place.id, 'uuid');
    statement.require(
      (valuePlace) => `(${value}, ${id}) ${comparison} (${valuePlace}, ${idPlace})`,
      place.value,
      valueType,
    );
  }
  const direction = isDescending === page.isFromEnd ? 'ASC' : 'DESC';
  const limit = statement.place(page.size + 1, 'integer');
  return `ORDER BY ${value} ${direction}, ${id} ${direction} LIMIT ${limit}`;
}

/** The page of what `takePage` has found. */
export function toPage<Item>(found: readonly Item[], page: PageRequest): Page<Item> {
  const hasMore = found.length > page.size;
  const items = found.slice(0, page.size);
  return page.isFromEnd
    ? { items: items.toReversed(), hasPreviousPage: hasMore, hasNextPage: page.before !== null }
    : { items, hasNextPage: hasMore, hasPreviousPage: page.after !== null };
}

import { mayRead, readerValues, type AccountReader } from './accountReader';
import { isUuid } from './isUuid';

/** What no row has for its id: it is asked for in place of a text that cannot be one, so that every id is asked for alike. */
const nobody = '00000000-0000-0000-0000-000000000000';

export function toUuid(id: string): string {
  return isUuid(id) ? id : nobody;
}

/** The conditions and values of one SELECT on behalf of a reader, collected while it is written. Its accounts are `a`. */
export class ReaderStatement {
  readonly #values: unknown[];
  readonly #conditions: string[];

  constructor(reader: AccountReader) {
    this.#values = [...readerValues(reader)];
    this.#conditions = [mayRead('a', 1)];
  }

  get values(): unknown[] {
    return this.#values;
  }

  /** All conditions so far, of which the first is that the reader may see the account. */
  get where(): string {
    return this.#conditions.join(' AND ');
  }

  /** The place of a value in the text. type: PostgreSQL's, so that an empty list has one as well. */
  place(value: unknown, type: string): string {
    this.#values.push(value);
    return `$${String(this.#values.length)}::${type}`;
  }

  /** Nothing where there is no value. */
  require(condition: (place: string) => string, value: unknown, type: string): void {
    if (value !== null) this.#conditions.push(condition(this.place(value, type)));
  }
}

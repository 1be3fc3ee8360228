import { MexcError } from './mexcError';

const wholeNumber = '^[0-9]{1,16}$';

/** The parameters of a call, all of which MEXC takes from the query, with its own complaints about them. */
export class Parameters {
  private readonly values: URLSearchParams;

  constructor(query: string) {
    this.values = new URLSearchParams(query);
  }

  text(name: string): string | null {
    const value = this.values.get(name);
    return value === '' ? null : value;
  }

  requiredText(name: string): string {
    const value = this.text(name);
    if (value === null) throw MexcError.missing(name);
    return value;
  }

  integer(name: string): number | null {
    const value = this.text(name);
    if (value === null) return null;
    if (!new RegExp(wholeNumber).test(value)) throw MexcError.illegal(name, wholeNumber);
    return Number(value);
  }

  /** A page size: the default where none was sent, and never more than MEXC gives. */
  limit(byDefault: number, most: number): number {
    const value = this.integer('limit') ?? byDefault;
    if (value < 1) throw MexcError.illegal('limit', `1 to ${most}`);
    return Math.min(value, most);
  }
}

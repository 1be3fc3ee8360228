import { BinanceError } from './binanceError';

const wholeNumber = '^[0-9]{1,20}$';
const symbolRange = '^[A-Z0-9-_.]{1,20}$';

/** The parameters of a call, from query and body together, with Binance's own complaints about them. */
export class Parameters {
  private readonly values: URLSearchParams;

  constructor(query: string, body = '') {
    this.values = new URLSearchParams([query, body].filter((part) => part !== '').join('&'));
  }

  text(name: string): string | null {
    const value = this.values.get(name);
    return value === '' ? null : value;
  }

  requiredText(name: string): string {
    const value = this.text(name);
    if (value === null) throw BinanceError.missing(name);
    return value;
  }

  symbol(): string | null {
    const value = this.text('symbol');
    if (value !== null && !new RegExp(symbolRange).test(value)) throw BinanceError.illegal('symbol', symbolRange);
    return value;
  }

  requiredSymbol(): string {
    const value = this.symbol();
    if (value === null) throw BinanceError.missing('symbol');
    return value;
  }

  /** A JSON list of symbols, or null where none was sent. */
  symbols(): readonly string[] | null {
    const value = this.text('symbols');
    if (value === null) return null;
    const range = String.raw`^\[("[A-Z0-9-_.]{1,20}"(,"[A-Z0-9-_.]{1,20}"){0,}){0,1}\]$`;
    if (!new RegExp(range).test(value)) throw BinanceError.illegal('symbols', range);
    return JSON.parse(value) as string[];
  }

  integer(name: string): number | null {
    const value = this.text(name);
    if (value === null) return null;
    if (!new RegExp(wholeNumber).test(value)) throw BinanceError.illegal(name, wholeNumber);
    return Number(value);
  }

  /** A page size: the default where none was sent, and never more than Binance gives. */
  limit(byDefault: number, most: number): number {
    const value = this.integer('limit') ?? byDefault;
    if (value < 1) throw new BinanceError(-1130, "Data sent for parameter 'limit' is not valid.");
    return Math.min(value, most);
  }
}

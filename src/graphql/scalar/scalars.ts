import { GraphQLError, GraphQLScalarType, Kind, valueFromASTUntyped, type ValueNode } from 'graphql';
import { toDecimalString, type DecimalString } from '../../domain/decimal';
import { parseInstant } from '../../domain/instant';
import { parseMarketId } from '../../domain/market';

const maxCursorLength = 512;

function readText(name: string, value: unknown): string {
  if (typeof value === 'string') return value;
  throw new GraphQLError(`${name} is written as a string.`);
}

function literalText(name: string, node: ValueNode): string {
  if (node.kind === Kind.STRING) return node.value;
  throw new GraphQLError(`${name} is written as a string.`, { nodes: node });
}

function textScalar<Internal>(options: {
  readonly name: string;
  readonly description: string;
  readonly read: (text: string) => Internal;
  readonly write: (value: unknown) => string;
}): GraphQLScalarType<Internal, string> {
  const { name, description, read, write } = options;
  return new GraphQLScalarType<Internal, string>({
    name,
    description,
    serialize: write,
    parseValue: (value) => read(readText(name, value)),
    parseLiteral: (node) => read(literalText(name, node)),
  });
}

function writeText(value: unknown): string {
  if (typeof value === 'string') return value;
  throw new TypeError(`expected text, got ${typeof value}`);
}

export const DecimalScalar = textScalar<DecimalString>({
  name: 'Decimal',
  description: 'Exact decimal number as a string, e.g. "0.00012300". Never a float.',
  read(text) {
    try {
      return toDecimalString(text);
    } catch (cause) {
      throw new GraphQLError('Decimal is plain digits, e.g. "0.00012300".', { originalError: cause as Error });
    }
  },
  write: writeText,
});

/** Inside, an instant is milliseconds since 1970 (UTC). */
export const DateTimeScalar = textScalar<number>({
  name: 'DateTime',
  description: 'ISO-8601 instant in UTC with milliseconds.',
  read(text) {
    const instant = parseInstant(text);
    if (instant === null) throw new GraphQLError('DateTime is an ISO-8601 instant, e.g. "2026-01-31T12:00:00.000Z".');
    return instant;
  },
  write(value) {
    if (typeof value === 'number' || value instanceof Date) return new Date(value).toISOString();
    throw new TypeError(`expected epoch milliseconds, got ${typeof value}`);
  },
});

export const MarketIdScalar = textScalar<string>({
  name: 'MarketId',
  description:
    '`exchange:symbol` with ccxt\'s ids, e.g. "binance:BTC/USDT", "binance-testnet:BTC/USDT", "mexc:ETH/USDT", "simulator:BTC/USDT".',
  read(text) {
    const market = parseMarketId(text);
    if (market === null) throw new GraphQLError('MarketId is `exchange:symbol`, e.g. "binance:BTC/USDT".');
    return market.id;
  },
  write: writeText,
});

export const CursorScalar = textScalar<string>({
  name: 'Cursor',
  description: 'Opaque position in a list or a stream.',
  read(text) {
    if (text.length > maxCursorLength) throw new GraphQLError('Cursor is not one of this server.');
    return text;
  },
  write: writeText,
});

export const SequenceScalar = textScalar<string>({
  name: 'Sequence',
  description: '64-bit counter as a decimal string.',
  read(text) {
    if (!/^\d{1,20}$/.test(text)) throw new GraphQLError('Sequence is a whole number as a string.');
    return text;
  },
  write: writeText,
});

/** Free-form. Whoever takes it as input bounds it. */
export const JsonScalar = new GraphQLScalarType({
  name: 'JSON',
  serialize: (value) => value,
  parseValue: (value) => value,
  parseLiteral: (node, variables) => valueFromASTUntyped(node, variables),
});

import { isEnumType, isInputObjectType, isListType, isNonNullType, isScalarType, type GraphQLInputType } from 'graphql';
import { sqlTexts } from './sqlTexts';

/** As it is written in JSON, which says more than a value of JavaScript can: 1e400, a number of 30 digits, half a surrogate pair. */
export type HostileJson = string;

const json = (value: unknown): HostileJson => JSON.stringify(value);
const base64 = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');
const deep = (levels: number, core: string): HostileJson => `${'['.repeat(levels)}${core}${']'.repeat(levels)}`;

/** Of other languages than SQL: queries, paths, templates, markup, formats, names of JavaScript. */
const foreignTexts: readonly string[] = [
  `{"$gt":""}`,
  `{"$where":"sleep(30000)"}`,
  `';return true;var x='`,
  `../../../../../../etc/passwd`,
  `..\\..\\..\\windows\\win.ini`,
  `%2e%2e%2f%2e%2e%2fetc%2fpasswd`,
  `file:///etc/passwd`,
  `http://169.254.169.254/latest/meta-data/`,
  '{{7*7}}{{constructor.constructor("return process")()}}',
  '${process.env.DATABASE_URL}',
  '<%= 7 * 7 %>#{7*7}',
  '${jndi:ldap://127.0.0.1:9/a}',
  '<script>alert(document.cookie)</script>',
  '"><img src=x onerror=alert(1)>',
  '=HYPERLINK("http://127.0.0.1:9","x")',
  '%s%s%s%n%n%d%x',
  '$(touch /tmp/tickgate-hostile)',
  '`touch /tmp/tickgate-hostile`',
  '*)(uid=*))(|(uid=*',
  'value\r\nSet-Cookie: session=1\r\n\r\nHTTP/1.1 200 OK',
  '__proto__',
  'constructor',
  'toString',
  'hasOwnProperty',
  'null',
  'undefined',
  'NaN',
  'true',
  '[object Object]',
];

const unicodeTexts: readonly string[] = [
  '',
  ' ',
  '\t\n\r',
  'a\u0000b-hidden',
  '\u0000',
  'a\u001b[31mred',
  '\u007f\u0085\u2028\u2029',
  'lone \ud800 surrogate',
  'lone \udc00 surrogate',
  '\ud800',
  '\udbff\udbff\udfff',
  '\u202egnp.exe\u202c',
  '\u2066\u200f\u061cright to left',
  '\u200b\u200c\u200d\u2060\ufeff',
  '\ufeffbom first',
  '\uffff\ufffe\u{10ffff}',
  'Z\u0351\u036b\u0343\u036a\u0302A\u0308\u0310L\u0357\u0362\u0315G\u0321O'.repeat(8),
  'İIıiẞßΣσςǅ@example.org',
  `${'İ'.repeat(120)}@example.org`,
  `${'İ'.repeat(240)}@example.org`,
  '👩‍👩‍👧‍👦'.repeat(9),
  '١٢٣',
  '１２３．４',
  '①②③',
];

const sizes = [33, 61, 65, 81, 129, 256, 257, 501, 513, 1_025, 4_097, 10_240];
const longTexts: readonly string[] = sizes.flatMap((size) => ['A'.repeat(size), '\u00e9'.repeat(size)]);

const ints = ['0', '-0', '-1', '1', '2147483647', '2147483648', '-2147483648', '-2147483649', '4294967296', '60001'];
const otherNumbers = [
  '9007199254740993',
  '123456789012345678901234567890',
  '1.5',
  '1e3',
  '1e400',
  '-1e400',
  '1e-400',
  '1E9',
];

const decimalTexts: readonly string[] = [
  ...[
    '0',
    '-0',
    '-1',
    '-0.000000000000000001',
    '0.0000000000000000001',
    '0.00000001',
    '1e-18',
    '1e-19',
    '1e18',
    '1e19',
  ],
  ...['1e20', '1e79', '1e80', '1e99', '1e999', '1e1000', '-1e999', '1e-999', '1e9000000000000000', '0e999', '1e1e1'],
  ...['99999999999999999999', '99999999999999999999.999999999999999999', '100000000000000000000', '9'.repeat(80)],
  ...[`0.${'0'.repeat(76)}1`, `0.${'1'.repeat(100)}`, '9'.repeat(10_000), '123456789.123456789123456789'],
  ...['1,000', '1_000', '1.', '.5', '+1', '--1', ' 1', '1 ', '0x1F', '0b1', '1n', 'NaN', 'Infinity', '-Infinity', '½'],
];

const dateTexts: readonly string[] = [
  ...['0000-01-01T00:00Z', '0001-01-01T00:00:00Z', '1969-12-31T23:59:59.999Z', '9999-12-31T23:59:59.999Z'],
  ...['9999-12-31T23:59:59.999-23:59', '0000-01-01T00:00:00+23:59', '2026-02-30T00:00:00Z', '2026-01-31T24:00:00Z'],
  ...['2026-01-31T23:59:60Z', '2026-13-01T00:00Z', '+275760-09-13T00:00:00.000Z', '-000001-01-01T00:00:00.000Z'],
  ...[
    '2026-02-11',
    'now',
    'infinity',
    '2026-02-11T12:00:00.000Z; DROP TABLE tickgate_canary',
    '2026-01-31T12:00+99:99',
  ],
];

const marketTexts: readonly string[] = [
  ...[
    'simulator:NOWHERE/USDT',
    'nowhere:BTC/USDT',
    'simulator:',
    ':ETH/USDT',
    'simulator:BTC/USDT:USDT',
    'simulator::',
  ],
  ...['constructor:BTC/USDT', 'simulator:A', 'simulator:constructor', 'simulator:X__proto__', 'simulator:toString'],
  ...[`simulator:${'A'.repeat(60)}`, `simulator:${'A'.repeat(61)}`, `${'a'.repeat(40)}:BTC/USDT`, 'SIMULATOR:BTC/USDT'],
  ...['simulator:BTC/USDT/../..', 'simulator:BTC/USDT?x=1', 'simulator:BTC/USDT\n', 'simulator:ETH/BTC:-_.'],
];

const lists = ['orders CREATED_AT DESC', 'orders AMOUNT ASC', 'trades DESC', 'auditLog'];
const places = [
  '+275760-09-13T00:00:00.000Z',
  '-000001-01-01T00:00:00.000Z',
  '1.5',
  '-1',
  '1e79',
  '9'.repeat(70),
  'Infinity',
  7,
];
const noId = '00000000-0000-0000-0000-000000000000';
/** Cursors in form only: broken base64, other lists, places where nothing can stand. */
const cursorTexts: readonly string[] = [
  ...[
    'c1',
    'c99999999999999999999',
    'c-1',
    '====',
    '!!!',
    'YWJj',
    'YW Jj',
    'eyJ',
    `${'A'.repeat(511)}=`,
    '\u0000',
    'bnVsbA',
  ],
  ...[base64(null), base64({}), base64([]), base64(['orders']), base64([[], [], []]), base64({ length: 3 })],
  ...lists.flatMap((list) => places.map((place) => base64([list, place, noId]))),
  base64(['orders CREATED_AT DESC', '2026-01-31T12:00:00.000Z', `${noId}'; DROP TABLE tickgate_canary`]),
  ...['a:1:2:3', '1.0.orders.1', base64({ account: noId, seq: '9'.repeat(30) }), base64('tickgate_canary'.repeat(20))],
];

/** What is of another kind than anything a place may take, or too much of it. */
const misfits: readonly HostileJson[] = [
  ...['null', 'true', '0', '""', '[]', '{}', '[null]', '[[]]', '[{}]', '{"a":1}', '{"__proto__":{"isAdmin":true}}'],
  ...['{"constructor":{"prototype":{"isAdmin":true}}}', '{"$gt":""}', '{"toString":"x"}', '{"length":1e9}'],
  deep(20, '1'),
  deep(31, '""'),
  deep(200, '0'),
  json(Array.from({ length: 600 }, (_, index) => `item ${String(index)}`)),
  json(Array.from({ length: 3_000 }, () => 7)),
  json('B'.repeat(70_000)),
];

const numbers = [...ints, ...otherNumbers];
const texts = [...sqlTexts, ...foreignTexts, ...unicodeTexts, ...longTexts];

const ofScalars: Readonly<Record<string, readonly HostileJson[]>> = {
  Int: [...numbers, ...numbers.map(json)],
  Decimal: [...decimalTexts.map(json), ...numbers],
  DateTime: dateTexts.map(json),
  MarketId: marketTexts.map(json),
  Cursor: cursorTexts.map(json),
  Boolean: ['"false"', '"true"', '1', '0'],
  JSON: [...texts.map(json), ...numbers],
};

/** The same sequence for the same seed: mulberry32. */
export function seededRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Values for a place of a type: half of its own kind, the others of any; some made of pieces of others. */
export class HostileValues {
  constructor(
    private readonly random: () => number,
    /** Ids of things that there are, of every kind. */
    private readonly ids: readonly string[],
  ) {}

  next(type: GraphQLInputType): HostileJson {
    const kind = this.random();
    if (kind < 0.55) return this.ofItsKind(type);
    if (kind < 0.7) return json(this.pick(sqlTexts));
    if (kind < 0.8) return json(this.pick(texts));
    if (kind < 0.9) return json(this.#mixed());
    return this.pick(misfits);
  }

  private ofItsKind(type: GraphQLInputType): HostileJson {
    if (isNonNullType(type)) return this.ofItsKind(type.ofType);
    if (isListType(type)) {
      const length = this.pick([1, 2, 3, 101]);
      return `[${Array.from({ length }, () => this.ofItsKind(type.ofType)).join(',')}]`;
    }
    if (isEnumType(type)) {
      const { name } = this.pick(type.getValues());
      return json(
        this.pick([name.toLowerCase(), `${name} `, `${name}\u0000`, `${name}'--`, '__typename', `${name},${name}`]),
      );
    }
    if (isInputObjectType(type)) {
      const names = Object.keys(type.getFields());
      const fields = [...names, this.pick(['role', 'ownerId', '__proto__', 'id'])].map((name) => `${json(name)}:null`);
      return `{${fields.join(',')}}`;
    }
    const own = isScalarType(type) ? ofScalars[type.name] : undefined;
    if (own !== undefined) return this.pick(own);
    return json(this.random() < 0.3 ? this.pick(this.ids) : this.pick(texts));
  }

  /** Two texts, cut where it happens, and a few characters of anywhere. */
  #mixed(): string {
    const piece = (): string => {
      const text = this.pick(texts);
      return text.slice(0, Math.floor(this.random() * Math.min(text.length, 64)) + 1);
    };
    const anywhere = Array.from({ length: 6 }, () => String.fromCharCode(Math.floor(this.random() * 0x10000)));
    return `${piece()}${anywhere.join('')}${piece()}`;
  }

  private pick<Item>(items: readonly Item[]): Item {
    return items[Math.floor(this.random() * items.length)]!;
  }
}

import { buildSchema, coerceInputValue, parse, validate } from 'graphql';
import { withoutValues } from '../../src/errors/withoutValues';

const schema = buildSchema(`
  enum Colour { RED GREEN_APPLE }
  input Shade { colour: Colour!, depth: Int }
  type Query { paint(shade: Shade): Int }
`);
const shade = schema.getType('Shade') as never;

/** What graphql-js says of a value in the variables. */
function ofVariables(value: unknown): readonly string[] {
  const messages: string[] = [];
  coerceInputValue(value, shade, (_path, _value, error) => messages.push(error.message));
  return messages;
}

it.each([
  ['hunter2'],
  // Close to one of its names, which graphql-js then suggests.
  ['RED '],
  ['GREEN_APPLES'],
  ['x" does not exist in "Colour" enum. GREEN_APPLE'],
])('tells no %j back that is in the place of a word, be it close to one', (value) => {
  const literal = `{ paint(shade: { colour: ${JSON.stringify(value)} }) }`;
  const told = [...ofVariables({ colour: value }), ...validate(schema, parse(literal)).map(({ message }) => message)];
  expect(told.length).toBe(2);
  for (const message of told) {
    expect(message).toMatch(/Colour/);
    expect(withoutValues(message).replace(/ Did you mean .*$/, '')).not.toContain(value);
  }
});

it('tells where the values of an enum are listed, and none of them, whichever way one was missed', () => {
  const literals = ['PURPLE', '"RED"', '7', '"7m"'].map((word) => parse(`{ paint(shade: { colour: ${word} }) }`));
  const told = [
    ...literals.flatMap((document) => validate(schema, document)).map(({ message }) => message),
    ...[...ofVariables({ colour: 'PURPLE' }), ...ofVariables({ colour: 7 })],
  ];
  expect(told.length).toBe(6);
  for (const message of told.map(withoutValues)) {
    expect(message).toMatch(/"Colour".*; schema\/schema\.graphql lists its values\.$/);
    expect(message).not.toMatch(/RED|GREEN|PURPLE|7/);
  }
});

it('tells no number back, and leaves other messages as they are', () => {
  const [message = ''] = ofVariables({ colour: 'RED', depth: 'hunter2' });
  expect([message, withoutValues(message)]).toEqual([
    'Int cannot represent non-integer value: "hunter2"',
    'Int cannot represent non-integer value.',
  ]);
  expect(withoutValues('Unknown argument "b" on field "Query.a".')).toBe('Unknown argument "b" on field "Query.a".');
});

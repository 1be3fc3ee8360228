import { asError } from '../../src/errors/asError';

it('gives an error as it is', () => {
  const error = new RangeError('too far');
  expect(asError(error)).toBe(error);
});

it.each([
  ['a text', 'no such market', 'thrown, and no error: no such market'],
  ['nothing', undefined, 'thrown, and no error: undefined'],
  ['null', null, 'thrown, and no error: null'],
  ['a number', 7n, 'thrown, and no error: 7'],
])('makes an error of %s', (_name, thrown, message) => {
  expect(asError(thrown)).toEqual(new Error(message));
});

it('tells of an object the names alone: its values may be of a person', () => {
  const made = asError({ email: 'ada@example.org', nested: { token: 'of ada' } });
  expect(made.message).toBe('thrown, and no error: { email, nested }');
});

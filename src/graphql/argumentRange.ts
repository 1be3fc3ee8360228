import { AppError } from '../errors/appError';
import { assertWithin } from '../errors/assertWithin';

/** The value where it lies between the bounds, both inclusive; throws BAD_USER_INPUT with the bounds where it does not. */
export function assertInRange(name: string, value: number, bounds: readonly [from: number, to: number]): number {
  const [from, to] = bounds;
  assertWithin(name, value, { from, to });
  return value;
}

/** The list where it has between 1 and `most` items and none twice; throws BAD_USER_INPUT where not. */
export function assertList(name: string, values: readonly string[], most: number): readonly string[] {
  assertWithin(`${name}.length`, values.length, { from: 1, to: most });
  if (new Set(values).size === values.length) return values;
  throw new AppError('BAD_USER_INPUT', { publicMessage: `\`${name}\` names something twice.` });
}

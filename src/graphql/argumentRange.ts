import { AppError } from '../errors/appError';

/** The value where it lies between the bounds, both inclusive; throws BAD_USER_INPUT with the bounds where it does not. */
export function assertInRange(name: string, value: number, bounds: readonly [least: number, most: number]): number {
  const [least, most] = bounds;
  if (value >= least && value <= most) return value;
  throw new AppError('BAD_USER_INPUT', {
    publicMessage: `\`${name}\` is ${value}; it must lie between ${least} and ${most}.`,
  });
}

/** The list where it has between 1 and `most` items and none twice; throws BAD_USER_INPUT where not. */
export function assertList(name: string, values: readonly string[], most: number): readonly string[] {
  assertInRange(`${name}.length`, values.length, [1, most]);
  if (new Set(values).size === values.length) return values;
  throw new AppError('BAD_USER_INPUT', { publicMessage: `\`${name}\` names something twice.` });
}

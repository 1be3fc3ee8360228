import { AppError } from './appError';

/** Throws BAD_USER_INPUT where a number is not a whole one within the range, both ends included. */
export function assertWithin(name: string, value: number, range: { readonly from: number; readonly to: number }): void {
  if (Number.isInteger(value) && value >= range.from && value <= range.to) return;
  throw new AppError('BAD_USER_INPUT', {
    publicMessage: `\`${name}\` must be a whole number from ${range.from} to ${range.to}.`,
  });
}

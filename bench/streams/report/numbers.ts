import type { Quartiles } from '../statistics';

/** Three digits that count, whole numbers from a hundred on. */
export function toText(value: number): string {
  if (value >= 100) return value.toFixed(0);
  if (value >= 10) return value.toFixed(1);
  return value >= 0.1 || value <= 0 ? value.toFixed(2) : value.toFixed(3);
}

export function quartilesText({ median, lower, upper, count, isDisturbed }: Quartiles): string {
  const spread = count > 1 ? ` [${toText(lower)}–${toText(upper)}]` : '';
  return `${toText(median)}${spread}${isDisturbed === true ? ' (disturbed)' : ''}`;
}

/**
 * A price that says which event it is: seven digits of sequence, a dot, three digits of market, e.g. "1000042.015".
 * Of one length, and never with a zero at its end. The client reads it from the bytes of a frame without parsing JSON.
 */
const base = 1_000_000;

export function priceOf(market: number, sequence: number): string {
  return `${base + sequence}.${String(market * 2 + 1).padStart(3, '0')}`;
}

const pattern = /\d{7}\.\d{3}/g;

/** How far from the end of a frame its last price begins; null where it has none. */
export function priceOffsetFromEnd(text: string): number | null {
  const last = [...text.matchAll(pattern)].at(-1);
  return last === undefined ? null : text.length - last.index;
}

export function sequenceAt(bytes: Buffer, start: number): number {
  return digits(bytes, start, 7) - base;
}

export function marketAt(bytes: Buffer, start: number): number {
  return (digits(bytes, start + 8, 3) - 1) / 2;
}

function digits(bytes: Buffer, start: number, count: number): number {
  let value = 0;
  for (let index = start; index < start + count; index += 1) value = value * 10 + (bytes[index] ?? 0) - 48;
  return value;
}

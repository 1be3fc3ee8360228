/** The name that a typing error most likely meant, or null where none is near: 1 slip for short names, 2 from 9 letters on. */
export function nearestName(name: string, known: Iterable<string>): string | null {
  let best: { readonly name: string; readonly slips: number } | null = null;
  for (const candidate of known) {
    const slips = slipsBetween(name, candidate);
    if (slips <= allowedSlips(candidate) && (best === null || slips < best.slips)) best = { name: candidate, slips };
  }
  return best?.name ?? null;
}

/** Below 7 letters (PORT, HOST) too many names of other programs are one slip away. */
function allowedSlips(name: string): number {
  if (name.length < 7) return 0;
  return name.length < 9 ? 1 : 2;
}

/** Letters to insert, drop, replace or swap with their neighbour (optimal string alignment). */
function slipsBetween(left: string, right: string): number {
  const rows: number[][] = [Array.from({ length: right.length + 1 }, (_, index) => index)];
  const at = (row: number, column: number): number => rows[row]?.[column] ?? 0;
  for (let i = 1; i <= left.length; i += 1) {
    rows.push([i]);
    for (let j = 1; j <= right.length; j += 1) {
      const replaced = at(i - 1, j - 1) + (left[i - 1] === right[j - 1] ? 0 : 1);
      const isSwap = i > 1 && j > 1 && left[i - 1] === right[j - 2] && left[i - 2] === right[j - 1];
      const swapped = isSwap ? at(i - 2, j - 2) + 1 : Infinity;
      rows[i]?.push(Math.min(at(i - 1, j) + 1, at(i, j - 1) + 1, replaced, swapped));
    }
  }
  return at(left.length, right.length);
}

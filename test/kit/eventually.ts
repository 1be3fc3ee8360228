import { setTimeout as delay } from 'node:timers/promises';

const lookEveryMs = 10;

/** Looks until there is something (not undefined, null or false) and gives it. Throws after the bound, and at once what `look` throws. */
export async function eventually<T>(
  look: () => T | Promise<T>,
  options: { readonly timeoutMs?: number; readonly everyMs?: number } = {},
): Promise<Exclude<T, undefined | null | false>> {
  const { timeoutMs = 20_000, everyMs = lookEveryMs } = options;
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    const seen = await look();
    if (seen !== undefined && seen !== null && seen !== false) return seen as Exclude<T, undefined | null | false>;
    if (Date.now() > deadline) throw new Error(`nothing came within ${timeoutMs} ms`);
    await delay(everyMs);
  }
}

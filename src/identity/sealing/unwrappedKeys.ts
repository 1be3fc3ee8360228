import { createHash, type KeyObject } from 'node:crypto';
import { encodeTexts } from './textList';
import type { WrappedKey } from './wrappedKey';

interface Entry {
  readonly dataKey: KeyObject;
  readonly at: number;
}

/** Data keys as a service unwrapped them last, the latest used of them: each by all that it was unwrapped from, so that it serves no other record. */
export class UnwrappedKeys {
  /** In the order of their last use. */
  readonly #entries = new Map<string, Entry>();

  constructor(
    private readonly parts: {
      readonly clock: () => number;
      readonly freshForMs: number;
      readonly maxEntries: number;
    },
  ) {}

  find(wrapped: WrappedKey, context: Buffer): { readonly dataKey: KeyObject; readonly isFresh: boolean } | null {
    const name = nameOf(wrapped, context);
    const entry = this.#entries.get(name);
    if (entry === undefined) return null;
    this.#entries.delete(name);
    this.#entries.set(name, entry);
    return { dataKey: entry.dataKey, isFresh: this.parts.clock() - entry.at < this.parts.freshForMs };
  }

  keep(wrapped: WrappedKey, context: Buffer, dataKey: KeyObject): void {
    const name = nameOf(wrapped, context);
    this.#entries.delete(name);
    this.#entries.set(name, { dataKey, at: this.parts.clock() });
    const [oldest] = this.#entries.keys();
    if (this.#entries.size > this.parts.maxEntries && oldest !== undefined) this.#entries.delete(oldest);
  }

  forget(wrapped: WrappedKey, context: Buffer): void {
    this.#entries.delete(nameOf(wrapped, context));
  }
}

function nameOf({ keyId, wrappedKey }: WrappedKey, context: Buffer): string {
  const texts = [keyId, Buffer.from(wrappedKey).toString('base64'), context.toString('base64')];
  return createHash('sha256').update(encodeTexts(texts)).digest('base64');
}

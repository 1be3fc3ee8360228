import type { EpochMs } from '../domain/marketData';

interface Answer {
  readonly value: Promise<unknown>;
  readonly askedAt: EpochMs;
}

/** More questions than this are not remembered at once; the oldest give way. */
const maxRemembered = 1_000;

/** One call for all who ask the same at the same time, and for those who ask within a short time after. Failures are not remembered. */
export class SharedAnswers {
  readonly #answers = new Map<string, Answer>();

  constructor(private readonly parts: { readonly clock: () => EpochMs; readonly rememberedForMs: number }) {}

  /** key: names the question and the type of its answer. */
  ask<T>(key: string, call: () => Promise<T>): Promise<T> {
    const { clock, rememberedForMs } = this.parts;
    const known = this.#answers.get(key);
    // One key is only ever asked with one type of answer.
    if (known !== undefined && clock() - known.askedAt < rememberedForMs) return known.value as Promise<T>;
    const value = call();
    const answer = { value, askedAt: clock() };
    this.#answers.delete(key);
    this.#answers.set(key, answer);
    value.catch(() => {
      if (this.#answers.get(key) === answer) this.#answers.delete(key);
    });
    this.#forgetOldest();
    return value;
  }

  #forgetOldest(): void {
    if (this.#answers.size <= maxRemembered) return;
    const [oldest] = this.#answers.keys();
    if (oldest !== undefined) this.#answers.delete(oldest);
  }
}

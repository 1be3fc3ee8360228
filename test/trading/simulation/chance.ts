import { createRandom } from '../../../src/simulator/engine/random';

/** Everything that is left to chance in one part of a simulation, decided by its seed alone. */
export class Chance {
  readonly #random;

  constructor(private readonly seed: string) {
    this.#random = createRandom(seed);
  }

  /** Chance of its own for another part: how often either is asked does not change the other. */
  apart(name: string): Chance {
    return new Chance(`${this.seed}/${name}`);
  }

  /** True with this probability, 0 to 1. */
  hits(probability: number): boolean {
    return this.#random.next() < probability;
  }

  /** A whole number from least to most, both included. */
  between(least: number, most: number): number {
    return least + this.#random.integer(most - least + 1);
  }

  oneOf<T>(list: readonly T[]): T {
    return list[this.#random.integer(list.length)]!;
  }

  /** One of the names, each as often as its weight says. */
  weighted<Name extends string>(weights: Readonly<Record<Name, number>>): Name {
    const entries = Object.entries(weights) as [Name, number][];
    let left = this.#random.next() * entries.reduce((total, [, weight]) => total + weight, 0);
    for (const [name, weight] of entries) {
      left -= weight;
      if (left < 0) return name;
    }
    return entries[entries.length - 1]![0];
  }

  uuid(): string {
    const hex = Array.from({ length: 8 }, () => this.#random.integer(0x1_0000).toString(16).padStart(4, '0')).join('');
    return hex.replace(/^(.{8})(.{4}).(.{3}).(.{3})(.{12})$/, '$1-$2-4$3-8$4-$5');
  }
}

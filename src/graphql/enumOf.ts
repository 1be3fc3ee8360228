/** The words of the domain as an enum of the schema, each its own value. */
export function enumOf<const Word extends string>(words: readonly Word[]): { readonly [Name in Word]: Name } {
  return Object.fromEntries(words.map((word) => [word, word])) as { readonly [Name in Word]: Name };
}

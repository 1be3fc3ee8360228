/** Names of the schema are not for guessing, and where they are published is no secret. */
const listed = 'schema/schema.graphql lists its values.';

/** How graphql-js quotes what a client has sent, and what is told instead. */
const quotes: readonly (readonly [quote: RegExp, told: string])[] = [
  [/^(Enum "\w+" cannot represent [\w -]+): .*$/s, `$1; ${listed}`],
  [/( cannot represent (?:[\w -]+ )?value): .*$/s, '$1.'],
  // With or without the names that it suggests.
  [/^Value .* does not exist in ("\w+") enum\..*$/s, `The value does not exist in the enum $1; ${listed}`],
  [/^(Expected value of type "[^"]+"), found .*$/s, '$1.'],
];

/** A message of graphql-js without the values that it quotes: a secret in the wrong place is not for the log of whoever sent it. */
export function withoutValues(message: string): string {
  return quotes.reduce((text, [quote, told]) => text.replace(quote, told), message);
}

import { SecretError } from './secretError';

/** The value of a field of a text that is a JSON object; the text itself where no field is asked for. Throws SecretError (missing). */
export function fieldOf(text: string, field: string | null): string {
  if (field === null) return text;
  let content: unknown;
  try {
    content = JSON.parse(text);
  } catch {
    // What JSON.parse says of a text repeats some of it.
    throw new SecretError('missing', 'what is kept there is not JSON, and a field of it was named');
  }
  return textAt(content, field);
}

/** Throws SecretError (missing) where there is no such field, or it is no text. */
export function textAt(content: unknown, field: string): string {
  const value =
    typeof content === 'object' && content !== null && Object.hasOwn(content, field)
      ? (content as Readonly<Record<string, unknown>>)[field]
      : undefined;
  if (typeof value !== 'string' || value === '') {
    throw new SecretError('missing', `there is no field ${field} that holds a text`);
  }
  return value;
}

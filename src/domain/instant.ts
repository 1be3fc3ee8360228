const isoInstant = /^(\d{4}-\d{2}-\d{2})T\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?(?:Z|[+-]\d{2}:\d{2})$/;

/**
 * Milliseconds since 1970 of an ISO-8601 instant; null where the text is none. `Date.parse` takes 30 February for 2 March: whoever wrote it
 * would be answered about another day.
 */
export function parseInstant(text: string): number | null {
  const [, day] = isoInstant.exec(text) ?? [];
  const instant = day === undefined ? Number.NaN : Date.parse(text);
  if (day === undefined || Number.isNaN(instant)) return null;
  return new Date(day).toISOString().startsWith(day) ? instant : null;
}

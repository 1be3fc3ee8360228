/**
 * Which web pages may talk to this server. A request without an Origin comes from no page (a bot, a script) and is not
 * a browser's to forge; a page of another origin must be on the list of CORS_ORIGINS exactly, `null` never is.
 */
export function isOriginAllowed(
  origin: string | undefined,
  host: string | undefined,
  allowedOrigins: readonly string[],
): boolean {
  if (origin === undefined) return true;
  if (allowedOrigins.includes(origin)) return true;
  return host !== undefined && (origin === `http://${host}` || origin === `https://${host}`);
}

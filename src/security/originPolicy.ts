/** Where a request says that it comes from and goes to. */
export interface OriginClaim {
  readonly origin: string | undefined;
  readonly host: string | undefined;
  /** A proxy of ours took it over TLS. */
  readonly isEncrypted: boolean;
}

/**
 * Which web pages may talk to this server. A request without an Origin comes from no page (a bot, a script) and is not
 * a browser's to forge; a page of another origin must be on the list of CORS_ORIGINS exactly, `null` never is.
 */
export function isOriginAllowed(
  { origin, host, isEncrypted }: OriginClaim,
  allowedOrigins: readonly string[],
): boolean {
  if (origin === undefined) return true;
  if (allowedOrigins.includes(origin)) return true;
  if (host === undefined) return false;
  // A page of this host in plain text is anybody's on the way there.
  return origin === `https://${host}` || (!isEncrypted && origin === `http://${host}`);
}

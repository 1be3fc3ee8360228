import helmet from 'helmet';

/** As the headers of these names are to read. */
export interface SecurityHeaderSettings {
  readonly contentSecurityPolicy: string;
  readonly frameOptions: string;
  readonly xssProtection: string;
  /** Null: not sent. */
  readonly strictTransportSecurity: string | null;
  readonly referrerPolicy: string;
}

/** By name in lower case. */
export type SecurityHeaders = Readonly<Record<string, string>>;

/** What no browser is to do with an answer of an API, whatever it thinks that the answer is. */
const permissionsPolicy = 'camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()';

/**
 * What every answer says, also where no request came to be: helmet's defaults, asked once, and over them what is set. The same values
 * for all answers, so nothing of them can be missing where an answer leaves by another way.
 */
export function securityHeaders(settings: SecurityHeaderSettings): SecurityHeaders {
  const headers: Record<string, string> = {};
  const collecting = {
    setHeader: (name: string, value: string) => (headers[name.toLowerCase()] = value),
    removeHeader: () => undefined,
  };
  const own = { contentSecurityPolicy: false, strictTransportSecurity: false } as const;
  // It looks at no request, and does nothing to a response but set and remove headers.
  const say = helmet(own) as unknown as (request: null, response: typeof collecting, next: () => void) => void;
  say(null, collecting, () => undefined);
  const { strictTransportSecurity } = settings;
  return Object.freeze({
    ...headers,
    'content-security-policy': settings.contentSecurityPolicy,
    'x-frame-options': settings.frameOptions,
    'x-xss-protection': settings.xssProtection,
    ...(strictTransportSecurity === null ? {} : { 'strict-transport-security': strictTransportSecurity }),
    'referrer-policy': settings.referrerPolicy,
    'permissions-policy': permissionsPolicy,
  });
}

/** For answers that are written by hand. */
export function headerLines(headers: SecurityHeaders): readonly string[] {
  return Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
}

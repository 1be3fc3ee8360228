import { oneOf, text } from './valueTypes';
import type { KeyDefinition } from './keyDefinition';

const directive = String.raw`[a-z][a-z-]*( [^\s;,]+)*`;

/** What every HTTP answer says to browsers besides its content. The names are the headers'. */
export const headerKeys = {
  CONTENT_SECURITY_POLICY: {
    type: text({
      pattern: new RegExp(`^(?=.{1,2000}$)${directive}(; ?${directive})*$`),
      allowed: "directives divided by ;, such as default-src 'none'; frame-ancestors 'none'",
    }),
    default: "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
    description: 'What a browser may load for an answer of this server: nothing, for there are no pages here.',
  },
  X_FRAME_OPTIONS: {
    type: oneOf(['DENY', 'SAMEORIGIN']),
    default: 'DENY',
    description: 'Which pages may show an answer in a frame.',
  },
  X_XSS_PROTECTION: {
    type: oneOf(['0', '1; mode=block']),
    default: '0',
    description: 'The filter of old browsers; 0 switches it off, because it opened holes of its own.',
  },
  STRICT_TRANSPORT_SECURITY: {
    type: text({
      pattern: /^max-age=\d{1,10}(; includeSubDomains)?(; preload)?$/,
      allowed: 'max-age=SECONDS, and behind it where wanted "; includeSubDomains" and "; preload"',
    }),
    default: null,
    defaultInProduction: 'max-age=63072000',
    description: 'For how long browsers that came by https come by nothing else.',
  },
  REFERRER_POLICY: {
    type: oneOf(['no-referrer', 'same-origin', 'strict-origin', 'strict-origin-when-cross-origin']),
    default: 'no-referrer',
    description: 'What a browser tells others about the address that it comes from.',
  },
} as const satisfies Readonly<Record<string, KeyDefinition>>;

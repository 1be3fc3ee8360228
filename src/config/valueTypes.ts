import { createPrivateKey } from 'node:crypto';
import { z } from 'zod';
import { Secret } from '../domain/secret';

/** How a setting's text is read. `allowed` completes the sentence "it must be …". */
export interface ValueType<Value> {
  readonly schema: z.ZodType<Value, string>;
  readonly allowed: string;
  /** True where the issues of the schema are written for the operator, and repeat nothing of a secret. */
  readonly explainsProblems?: true;
}

/** Decimal digits only: "0x10", "1e3" and " 7" are typing errors, not numbers. Both ends are allowed. */
export function wholeNumber(range: { readonly min: number; readonly max: number }): ValueType<number> {
  const schema = z
    .string()
    .regex(/^(0|[1-9]\d{0,15})$/)
    .transform(Number)
    .pipe(z.number().int().min(range.min).max(range.max));
  return { schema, allowed: `a whole number from ${range.min} to ${range.max}` };
}

export function factor(range: { readonly min: number; readonly max: number }): ValueType<number> {
  const schema = z
    .string()
    .regex(/^\d{1,6}(\.\d{1,6})?$/)
    .transform(Number)
    .pipe(z.number().min(range.min).max(range.max));
  return { schema, allowed: `a number from ${range.min} to ${range.max}` };
}

export const flag: ValueType<boolean> = {
  schema: z.enum(['true', 'false']).transform((text) => text === 'true'),
  allowed: 'true or false',
};

export function oneOf<const Choice extends string>(choices: readonly Choice[]): ValueType<Choice> {
  const schema = z.string().pipe(z.enum(choices));
  return { schema, allowed: `one of ${choices.join(', ')}` };
}

export function text(form: { readonly pattern: RegExp; readonly allowed: string }): ValueType<string> {
  return { schema: z.string().regex(form.pattern), allowed: form.allowed };
}

/** A comma-separated list without doubles; blanks around the commas are dropped. */
export function listOf(item: ValueType<string>): ValueType<readonly string[]> {
  const schema = z
    .string()
    .transform((value) => value.split(',').map((part) => part.trim()))
    .pipe(z.array(item.schema).refine((items) => new Set(items).size === items.length));
  return { schema, allowed: `a comma-separated list, nothing twice, of: ${item.allowed}` };
}

export function isUrlWith(protocols: readonly string[]): (value: string) => boolean {
  return (value) => URL.canParse(value) && protocols.includes(new URL(value).protocol);
}

function schemesOf(protocols: readonly string[]): string {
  return protocols.map((protocol) => `${protocol}//`).join(' or ');
}

/** Where the paths of an API begin: an origin, or a path of it where a proxy serves several. Closing slashes are dropped. */
export function baseUrl(protocols: readonly string[]): ValueType<string> {
  const isBase = (value: string): boolean => {
    if (!isUrlWith(protocols)(value)) return false;
    const url = new URL(value);
    return !/[?#]/.test(value) && url.username === '' && url.password === '';
  };
  return {
    schema: z
      .string()
      .refine(isBase)
      .transform((value) => value.replace(/\/+$/, '')),
    allowed: `a URL that begins with ${schemesOf(protocols)} and holds a host, where needed a port and a path, but no query`,
  };
}

/** An origin exactly as a browser sends it: lower case, no closing slash, no default port, no wildcard. */
export const browserOrigin: ValueType<string> = {
  schema: z.string().refine((value) => isUrlWith(['http:', 'https:'])(value) && new URL(value).origin === value),
  allowed: 'an exact origin such as https://app.example.com (no "*", no path, no closing slash)',
};

const postgresProtocols = ['postgres:', 'postgresql:'];
/** pg prefers these to what stands before the ?, which is what is judged. */
const identifying = ['user', 'password', 'connectionString'];

/** Its query is pg's: sslmode, application_name and the like. */
export const postgresUrl: ValueType<Secret> = {
  schema: z
    .string()
    .refine((value) => isConnectionUrl(value, postgresProtocols) && !identifying.some((name) => queryHas(value, name)))
    .transform((value) => new Secret(value)),
  allowed: `a URL that begins with ${schemesOf(postgresProtocols)} and names a host; user and password stand before the host, and what is special in them as %XX`,
};

const redisProtocols = ['redis:', 'rediss:'];

/** Without a query: ioredis takes a password from there, and `?tls=` makes it send everything in plain text to rediss://. */
export const redisUrl: ValueType<Secret> = {
  schema: z
    .string()
    .refine((value) => isConnectionUrl(value, redisProtocols) && !/[?#]/.test(value))
    .transform((value) => new Secret(value)),
  allowed: `a URL that begins with ${schemesOf(redisProtocols)} and names a host; user and password stand before the host, what is special in them as %XX, and nothing follows a ? or #`,
};

function isConnectionUrl(value: string, protocols: readonly string[]): boolean {
  if (!isUrlWith(protocols)(value)) return false;
  const { hostname, username, password } = new URL(value);
  return hostname !== '' && [username, password].every(isDecodable);
}

function queryHas(url: string, name: string): boolean {
  return new URL(url).searchParams.has(name);
}

/** Of what stands in a URL as %XX. */
function isDecodable(text: string): boolean {
  try {
    decodeURIComponent(text);
    return true;
  } catch {
    return false;
  }
}

/** A text that was given by others, as it is. */
export const secretText: ValueType<Secret> = {
  schema: z
    .string()
    .transform((value) => value.trim())
    .refine((value) => /^[\x21-\x7e]{1,16384}$/.test(value))
    .transform((value) => new Secret(value)),
  allowed: 'visible characters without blanks',
};

const minModulusBits = 3072;

function isStrongRsaKey(pem: string): boolean {
  try {
    const key = createPrivateKey(pem);
    return key.asymmetricKeyType === 'rsa' && (key.asymmetricKeyDetails?.modulusLength ?? 0) >= minModulusBits;
  } catch {
    return false;
  }
}

/** A PEM in one line, with `\n` written out, is accepted too: many places that set variables allow no line breaks. */
export const rsaPrivateKey: ValueType<Secret> = {
  schema: z
    .string()
    .transform((value) => value.replaceAll(String.raw`\n`, '\n'))
    .refine(isStrongRsaKey)
    .transform((value) => new Secret(value)),
  allowed: `an RSA private key of at least ${minModulusBits} bits in PEM form`,
};

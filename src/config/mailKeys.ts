import { z } from 'zod';
import { Secret } from '../domain/secret';
import { isLoopback } from './loopback';
import type { ValueType } from './valueTypes';

export interface SmtpServer {
  readonly host: string;
  readonly port: number;
  /** `implicit`: from the first byte on. `starttls`: before anything is said, or nothing is. `none`: on loopback alone. */
  readonly tls: 'implicit' | 'starttls' | 'none';
  readonly auth: { readonly user: string; readonly password: Secret } | null;
}

/** Who mails are from. name: empty where there is none. */
export interface MailSender {
  readonly name: string;
  readonly address: string;
}

/** Registered ports of submission: RFC 8314, section 7.3; RFC 6409. */
const usualPorts = { 'smtps:': 465, 'smtp:': 587 } as const;
const hostShape = /^([A-Za-z0-9]([A-Za-z0-9.-]{0,251}[A-Za-z0-9])?|\[[0-9A-Fa-f:.]+\])$/;

/** Sentences about it repeat nothing of it: a password may stand in any part of what is malformed. */
export const smtpServer: ValueType<SmtpServer> = {
  schema: z.string().transform((text, context) => {
    const problem = problemOf(text);
    if (problem === null) return toServer(new URL(text));
    context.addIssue({ code: 'custom', message: problem });
    return z.NEVER;
  }),
  allowed:
    'smtps://user:password@host:port, or smtp:// (STARTTLS, except on loopback); what is special in user or password as %XX; the port may be left out (465, 587)',
  explainsProblems: true,
};

const senderShape =
  /^(?:([^\p{Cc}<>"@,;:\\]{1,100}) <([^\s@\p{Cc}<>",;:\\]+@[A-Za-z0-9.-]+)>|([^\s@\p{Cc}<>",;:\\]+@[A-Za-z0-9.-]+))$/u;
/** RFC 5321, section 4.5.3.1.3. */
const maxAddressChars = 254;

export const mailSender: ValueType<MailSender> = {
  schema: z.string().transform((text, context) => {
    const [, name = '', named, plain] = senderShape.exec(text) ?? [];
    const address = named ?? plain ?? '';
    if (address !== '' && address.length <= maxAddressChars) return { name: name.trim(), address };
    context.addIssue({ code: 'custom' });
    return z.NEVER;
  }),
  allowed: 'an e-mail address, or a name with it: Tickgate <tickgate@example.com>',
};

function problemOf(text: string): string | null {
  if (!URL.canParse(text)) return 'it is no URL';
  const { protocol, hostname, username, password, pathname, search, hash } = new URL(text);
  if (!(protocol in usualPorts)) return 'it begins with neither smtps:// nor smtp://';
  if (!hostShape.test(hostname)) return 'it names no host';
  if (!['', '/'].includes(pathname) || search !== '' || hash !== '') return 'something follows the host and the port';
  if ((username === '') !== (password === '')) return 'it has a user without a password, or a password without a user';
  return [username, password].every(isDecodable) ? null : 'a % in user or password is not followed by two hex digits';
}

function isDecodable(text: string): boolean {
  try {
    // What ends a line ends a command.
    return !/\p{Cc}/u.test(decodeURIComponent(text));
  } catch {
    return false;
  }
}

function toServer(url: URL): SmtpServer {
  const isImplicit = url.protocol === 'smtps:';
  const encrypted = isImplicit ? 'implicit' : 'starttls';
  return {
    host: url.hostname.replace(/^\[|\]$/g, ''),
    port: url.port === '' ? usualPorts[isImplicit ? 'smtps:' : 'smtp:'] : Number(url.port),
    tls: !isImplicit && isLoopback(url) ? 'none' : encrypted,
    auth:
      url.username === ''
        ? null
        : { user: decodeURIComponent(url.username), password: new Secret(decodeURIComponent(url.password)) },
  };
}

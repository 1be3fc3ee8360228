import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { text as textOf } from 'node:stream/consumers';
import { SMTPServer } from 'smtp-server';
import { eventually } from './eventually';

export interface ReceivedMail {
  /** Of the envelope: who gets it, whatever its headers say. */
  readonly to: readonly string[];
  readonly from: string;
  /** Unfolded, a line each, as they came. */
  readonly headers: readonly string[];
  /** As a reader is shown it; ASCII. */
  readonly body: string;
}

export interface MailServerWishes {
  readonly tls?: { readonly kind: 'implicit' | 'starttls'; readonly key: string; readonly cert: string };
  readonly login?: { readonly user: string; readonly password: string };
  /** An SMTP reply in place of taking the recipient; null: it is taken. */
  readonly refusal?: (attempt: number) => { readonly code: number; readonly message: string } | null;
  /** Takes connections and never says a word. */
  readonly isSilent?: boolean;
}

/** A real mail server on loopback, that keeps what it is given. */
export class MailServer {
  readonly mails: ReceivedMail[] = [];
  /** Recipients that somebody tried to name. */
  attempts = 0;
  connections = 0;
  /** Of who signed in. */
  readonly users: string[] = [];
  readonly #server: SMTPServer;

  private constructor({ tls, login, refusal, isSilent = false }: MailServerWishes) {
    this.#server = new SMTPServer({
      ...(tls === undefined ? {} : { key: tls.key, cert: tls.cert }),
      secure: tls?.kind === 'implicit',
      hideSTARTTLS: tls === undefined,
      disabledCommands: [...(login === undefined ? ['AUTH'] : []), ...(tls === undefined ? ['STARTTLS'] : [])],
      allowInsecureAuth: true,
      disableReverseLookup: true,
      closeTimeout: 0,
      onConnect: (_, go) => {
        this.connections += 1;
        if (!isSilent) go();
      },
      onAuth: ({ username, password }, _, answer) => {
        const isRight = username === login?.user && password === login?.password;
        if (isRight) this.users.push(username ?? '');
        answer(isRight ? null : new Error('no'), isRight ? { user: username } : undefined);
      },
      onRcptTo: (_, __, answer) => {
        this.attempts += 1;
        const refused = refusal?.(this.attempts) ?? null;
        answer(refused === null ? null : Object.assign(new Error(refused.message), { responseCode: refused.code }));
      },
      onData: (stream, { envelope }, done) => {
        const take = (raw: string): void => {
          const from = envelope.mailFrom === false ? '' : envelope.mailFrom.address;
          this.mails.push({ to: envelope.rcptTo.map(({ address }) => address), from, ...partsOf(raw) });
          done();
        };
        // Who breaks off in the middle of a mail has sent none.
        textOf(stream).then(take, () => undefined);
      },
    });
    // Of those who break off: the tests look at what they do then.
    this.#server.on('error', () => undefined);
  }

  static async start(wishes: MailServerWishes = {}): Promise<MailServer> {
    const server = new MailServer(wishes);
    const listening = server.#server.listen(0, '127.0.0.1');
    if (!listening.listening) await once(listening, 'listening');
    return server;
  }

  get port(): number {
    return (this.#server.server.address() as AddressInfo).port;
  }

  /** Waits for so many mails, and gives the newest. */
  async newest(count: number): Promise<ReceivedMail> {
    return eventually(() => (this.mails.length >= count ? this.mails.at(-1) : undefined));
  }

  async stop(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#server.close(resolve);
    });
  }
}

function partsOf(raw: string): Pick<ReceivedMail, 'headers' | 'body'> {
  const end = raw.indexOf('\r\n\r\n');
  const unfolded = raw.slice(0, end).replaceAll(/\r\n[ \t]+/g, ' ');
  const body = raw.slice(end + 4);
  const isQuoted = /^content-transfer-encoding: quoted-printable$/im.test(unfolded);
  return { headers: unfolded.split('\r\n'), body: isQuoted ? unquoted(body) : body };
}

/** RFC 2045, section 6.7. */
function unquoted(text: string): string {
  return text
    .replaceAll('=\r\n', '')
    .replaceAll(/=([0-9A-F]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
}

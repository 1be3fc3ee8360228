import type { EpochMs } from '../domain/marketData';
import { resetLink } from './passwordReset';

export interface ResetMailFacts {
  readonly token: string;
  readonly expiresAt: EpochMs;
  /** When, and from which address, it was asked for. */
  readonly at: EpochMs;
  readonly ip: string | null;
  readonly resetPageUrl: string | null;
}

/** Nothing in it was typed by whoever asked. */
export function resetMail(facts: ResetMailFacts): { readonly subject: string; readonly text: string } {
  const { at, ip, expiresAt } = facts;
  return {
    subject: 'Another password for Tickgate',
    text: `Somebody asked for another password for your account at Tickgate,
from the address ${ip ?? '(unknown)'}, at ${instant(at)}.

If that was you:

${wayOf(facts)}

It is good once, until ${instant(expiresAt)}. Of several such mails only
the newest counts. Setting a password ends every session of yours; your API
keys and a second factor stay as they are.

If it was not you, do nothing: nothing has changed, and without this mail
nobody can set your password by it. Give it to nobody. If such mails go on
coming, tell whoever runs the server, with the address above.
`,
  };
}

function wayOf({ token, resetPageUrl }: ResetMailFacts): string {
  if (resetPageUrl !== null) {
    return `Choose a password there:

  ${resetLink(resetPageUrl, token)}`;
  }
  return `Choose a password and send it with this one-time token to
POST /auth/graphql of your server:

  ${token}

  mutation { resetPassword(token: "...", next: "...") }`;
}

/** UTC, to the second. */
function instant(at: EpochMs): string {
  return `${new Date(at).toISOString().slice(0, 19).replace('T', ' ')} UTC`;
}

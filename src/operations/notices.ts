import { createHash } from 'node:crypto';
import type { NoticeLedger, NoticeStanding } from '../storage/incidents/noticeLedger';

/** A mail to many: text alone. */
export interface Notice {
  /** What it is known by: the same text is the same notice. */
  readonly id: string;
  readonly subject: string;
  readonly text: string;
}

export interface NoticeParts {
  readonly ledger: Pick<NoticeLedger, 'standing' | 'waiting' | 'begin' | 'end'>;
  readonly deliver: (mail: {
    readonly to: string;
    readonly subject: string;
    readonly text: string;
  }) => Promise<{ readonly isSent: true } | { readonly isSent: false; readonly reason: string }>;
  /** Mails on their way at once. */
  readonly maxAtOnce: number;
  readonly onProgress: (progress: NoticeProgress) => void;
  /** No further mail begins. */
  readonly signal: AbortSignal;
}

export interface NoticeProgress {
  readonly sent: number;
  readonly failed: number;
  readonly of: number;
}

const longestSubject = 150;
const longestText = 32_768;
const pageSize = 500;

/** `Subject: …`, an empty line, and the text. Gives a sentence where it is none. */
export function readNotice(template: string): Notice | string {
  const [, subject = '', body = ''] = /^Subject: ([^\r\n]*)\r?\n\r?\n([^]*)$/.exec(template) ?? [];
  const text = body.replaceAll('\r\n', '\n');
  if (subject.trim() === '' || text.trim() === '')
    return 'The template is to begin with "Subject: …", then an empty line, then the text.';
  if (subject.length > longestSubject) return `The subject is longer than ${longestSubject} characters.`;
  if (text.length > longestText) return `The text is longer than ${longestText} characters.`;
  // Tabs and ends of lines are text.
  if (/\p{Cc}/u.test(`${subject}${text.replaceAll(/[\n\t]/g, '')}`)) return 'The template holds control characters.';
  if (/\{\{|TODO|\[…\]/.test(`${subject}${text}`))
    return 'Something in the template is not filled in yet: look for {{, TODO and […].';
  const id = createHash('sha256').update(`${subject}\n\n${text}`).digest('hex');
  return { id, subject, text };
}

/**
 * Mails everybody who waits for it, a few at a time; who was sent it before is not among them. Whom the mail server does not take it for waits
 * on, for the next time. userId: null for everybody.
 */
export async function sendNotice(notice: Notice, userId: string | null, parts: NoticeParts): Promise<NoticeStanding> {
  const { ledger, maxAtOnce, onProgress, signal } = parts;
  const of = (await ledger.standing(notice.id, userId)).waiting;
  const progress = { sent: 0, failed: 0, of };
  let after: string | null = null;
  for (;;) {
    const page = await ledger.waiting(notice.id, { userId, after, limit: pageSize });
    const queue = [...page];
    const send = async (): Promise<void> => {
      for (let next = queue.shift(); next !== undefined && !signal.aborted; next = queue.shift()) {
        const outcome = await sendTo(next, notice, parts);
        if (outcome !== null) progress[outcome] += 1;
        onProgress(progress);
      }
    };
    await Promise.all(Array.from({ length: maxAtOnce }, send));
    after = page.at(-1)?.email ?? null;
    if (page.length < pageSize || signal.aborted) return ledger.standing(notice.id, userId);
  }
}

/** Null where somebody else is about it. */
async function sendTo(
  { id, email }: { readonly id: string; readonly email: string },
  { id: noticeId, subject, text }: Notice,
  { ledger, deliver }: NoticeParts,
): Promise<'sent' | 'failed' | null> {
  if (!(await ledger.begin(noticeId, id))) return null;
  const delivery = await deliver({ to: email, subject, text });
  await ledger.end(noticeId, id, delivery.isSent ? null : delivery.reason);
  return delivery.isSent ? 'sent' : 'failed';
}

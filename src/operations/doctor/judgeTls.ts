import { failed, passed, type Finding } from './finding';
import { hstsSeconds } from './headerValues';
import type { OutsideView } from './outsideView';
import { refusalCode } from './refusalCode';

/** The handshakes that a server refuses, what it answers without any, and what it promises browsers. */
export function judgeTls(view: OutsideView): Finding {
  const { protocol, badHandshakes, plainAnswer, headers } = view;
  const taken = badHandshakes.filter(({ isTaken }) => isTaken).map(({ what }) => what);
  if (taken.length > 0) return failed(`takes ${taken.join(' and ')}: see nginx/`);
  const unknown = badHandshakes.flatMap(({ what, failure }) => (failure === null ? [] : [`${what} (${failure})`]));
  if (unknown.length > 0)
    return failed(`nobody could see whether it takes ${unknown.join(' and ')}: look again, or see nginx/tls`);
  const plainFault = faultOfPlainText(view);
  if (plainFault !== null) return failed(plainFault);
  const hsts = headers['strict-transport-security']?.join() ?? '';
  if (hstsSeconds(hsts) < 31_536_000)
    return failed(`Strict-Transport-Security is "${hsts}": a year at least (max-age=31536000)`);
  const plain = plainAnswer.answer === null ? 'finds nobody at its port' : 'is refused (403, HTTPS_REQUIRED)';
  return passed(
    `${protocol ?? 'TLS'}; refused: ${badHandshakes.map(({ what }) => what).join(', ')}; plain text ${plain}; ${hsts}`,
  );
}

/** What is known to be wrong comes before what nobody knows; null where neither is. */
function faultOfPlainText({ plainAnswer, plainPage }: OutsideView): string | null {
  const [call, page] = [plainAnswer.answer, plainPage.answer];
  const isRefused = call?.status === 403 && refusalCode(call.text) === 'HTTPS_REQUIRED';
  if (call !== null && call.status !== 429 && !isRefused)
    return `answers POST /graphql in plain text with ${call.status}, not with 403 and HTTPS_REQUIRED: what was sent has been read on the way; refuse it as nginx/ does, or let nothing answer there`;
  if (page !== null && page.status < 300)
    return `answers GET /livez in plain text with ${page.status}: let nothing but nginx be reached from outside`;
  const mute = [call, page].find((answer) => answer !== null && (answer.status === 429 || answer.status >= 500));
  if (mute) return `plain text was answered with ${mute.status}, which tells nothing: look again in a minute`;
  const failure = plainAnswer.failure ?? plainPage.failure;
  return failure === null
    ? null
    : `nobody could see whether plain text is answered (${failure}): let this server reach that port of its public address (docs/DEPLOYMENT.md), refuse there as nginx/ does, and look again`;
}

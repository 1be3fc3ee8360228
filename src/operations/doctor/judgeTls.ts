import { failed, passed, type Finding } from './finding';
import { hstsSeconds } from './headerValues';
import type { OutsideView } from './outsideView';
import { refusalCode } from './refusalCode';

/** The handshakes that a server refuses, what it answers without any, and what it promises browsers. */
export function judgeTls({ protocol, badHandshakes, plainAnswer, plainPage, headers }: OutsideView): Finding {
  const taken = badHandshakes.filter(({ isTaken }) => isTaken).map(({ what }) => what);
  if (taken.length > 0) return failed(`takes ${taken.join(' and ')}: see nginx/`);
  const unknown = badHandshakes.flatMap(({ what, failure }) => (failure === null ? [] : [`${what} (${failure})`]));
  if (unknown.length > 0)
    return failed(`nobody could see whether it takes ${unknown.join(' and ')}: look again, or see nginx/tls`);
  if (plainAnswer?.status === 429 || plainPage?.status === 429)
    return failed('plain text was answered with 429, which tells nothing: look again in a minute');
  if (plainAnswer !== null && !(plainAnswer.status === 403 && refusalCode(plainAnswer.text) === 'HTTPS_REQUIRED'))
    return failed(
      `answers POST /graphql in plain text with ${plainAnswer.status}, not with 403 and HTTPS_REQUIRED: what was sent has been read on the way; refuse it as nginx/ does, or let nothing answer there`,
    );
  if (plainPage !== null && plainPage.status < 300)
    return failed(
      `answers GET /livez in plain text with ${plainPage.status}: let nothing but nginx be reached from outside`,
    );
  const hsts = headers['strict-transport-security']?.join() ?? '';
  if (hstsSeconds(hsts) < 31_536_000)
    return failed(`Strict-Transport-Security is "${hsts}": a year at least (max-age=31536000)`);
  const plain = plainAnswer === null ? 'is not answered' : 'is refused (403, HTTPS_REQUIRED)';
  return passed(
    `${protocol ?? 'TLS'}; refused: ${badHandshakes.map(({ what }) => what).join(', ')}; plain text ${plain}; ${hsts}`,
  );
}

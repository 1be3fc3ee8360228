import { failed, passed, type Finding } from './finding';
import type { OutsideView } from './outsideView';
import { refusalCode } from './refusalCode';

/** As a client sees it: refused in front of the server, in words that it can go by. */
export function judgeEdgeLimit({ limit }: OutsideView): Finding {
  if (limit === null) return failed('nobody could ask: look again');
  const { asked, refusal, failure } = limit;
  if (refusal === null) {
    const reason = failure === null ? 'none was refused' : `no answer came (${failure})`;
    return failed(`of ${asked} requests at once ${reason}: limit_req in nginx/ refuses the 22nd with 429`);
  }
  const seen = `request ${asked} was answered with ${refusal.status}`;
  if (refusal.status !== 429) return failed(`${seen}, not with 429: see limit_req_status in nginx/`);
  if (refusalCode(refusal.text) !== 'RATE_LIMITED')
    return failed(`${seen} without the code RATE_LIMITED: see @refusal in nginx/`);
  const wait = refusal.headers['retry-after'] ?? [];
  return wait.length === 1 && /^\d+$/.test(wait[0] ?? '')
    ? passed(`${seen}, RATE_LIMITED, Retry-After ${wait.join()}`)
    : failed(`${seen} without one Retry-After in seconds: see nginx/headers.conf`);
}

import type { RestFault } from '../control/fault';
import type { Wire, WireResponse } from './wire';

const badGatewayPage =
  '<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body>\r\n<center><h1>502 Bad Gateway</h1></center>\r\n</body>\r\n</html>\r\n';

/** Answers a call that a fault has befallen, or leaves it without an answer. */
export function answerWithFault(options: {
  readonly fault: RestFault;
  readonly refusals: Wire['refusals'];
  /** Carries the call out. */
  readonly respond: () => WireResponse;
  readonly send: (answer: WireResponse) => void;
}): void {
  const { fault, refusals, respond, send } = options;
  const retryAfter = { 'Retry-After': String(fault.retryAfterSeconds) };
  switch (fault.kind) {
    case 'rate-limit':
      send({ status: 429, headers: retryAfter, body: refusals.rateLimit });
      return;
    case 'ban':
      send({ status: 418, headers: retryAfter, body: refusals.ban });
      return;
    case 'bad-gateway':
      send({ status: 502, contentType: 'text/html', body: badGatewayPage });
      return;
    case 'slow': {
      // Carried out now and told late: a snapshot that is already old when it comes.
      const answer = respond();
      setTimeout(() => {
        send(answer);
      }, fault.delayMs).unref();
      return;
    }
    case 'reply-lost':
      respond();
      return;
  }
}

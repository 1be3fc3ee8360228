import type { RestFault } from '../control/fault';
import type { Wire, WireResponse } from './wire';

const hugeBytes = 10_000_000;

function page(title: string): string {
  const head = `<head><title>${title}</title></head>`;
  return `<html>\r\n${head}\r\n<body>\r\n<center><h1>${title}</h1></center>\r\n</body>\r\n</html>\r\n`;
}

/** What a call is answered that a fault has befallen. answer: the right one, or null where the call was not carried out. */
export function replyOf(fault: RestFault, words: Wire['words'], answer: WireResponse | null): WireResponse {
  const right = answer ?? { status: 200, body: '{}' };
  const retryAfter = { 'Retry-After': String(fault.retryAfterSeconds) };
  switch (fault.kind) {
    case 'rate-limit':
      return { status: 429, headers: retryAfter, body: words.rateLimit };
    case 'ban':
      return { status: 418, headers: retryAfter, body: words.ban };
    case 'bad-gateway':
      return { status: 502, contentType: 'text/html', body: page('502 Bad Gateway') };
    case 'unavailable':
      return { status: 503, contentType: 'text/html', body: page('503 Service Temporarily Unavailable') };
    case 'unexpected':
      return { status: 500, body: words.unexpectedResponse };
    case 'timeout':
      return { status: 500, body: words.timeout };
    case 'truncated':
      return { ...right, body: right.body.slice(0, right.body.length >> 1) };
    case 'wrong-types':
      return { ...right, body: JSON.stringify(withWrongTypes(JSON.parse(right.body) as unknown)) };
    case 'huge':
      return { ...right, status: 200, body: JSON.stringify({ pad: 'x'.repeat(hugeBytes) }) };
    case 'garbage':
      return { ...right, status: 200, body: '<<< this is not JSON >>>' };
    case 'empty':
      return { ...right, status: 200, body: '' };
    case 'slow':
    case 'hold':
    case 'reply-lost':
    case 'reply-cut':
      return right;
  }
}

/** Every value of an object becomes one of another type, and so does a list. */
function withWrongTypes(value: unknown): unknown {
  if (Array.isArray(value)) return { list: value.length };
  if (typeof value !== 'object' || value === null) return [value];
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, otherType(member)]));
}

function otherType(member: unknown): unknown {
  if (typeof member === 'string') return { text: member };
  if (typeof member === 'number') return [String(member)];
  if (typeof member === 'boolean') return 'perhaps';
  return Array.isArray(member) ? 'none' : 7;
}

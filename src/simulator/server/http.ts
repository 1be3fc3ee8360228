import type { IncomingMessage, ServerResponse } from 'node:http';
import type { WireResponse } from './wire';

/** More than any call or message needs. */
export const maxBodyBytes = 1_000_000;

export function splitUrl(url = '/'): { path: string; query: string } {
  const mark = url.indexOf('?');
  return mark < 0 ? { path: url, query: '' } : { path: url.slice(0, mark), query: url.slice(mark + 1) };
}

/** Null where the body is larger than any call needs. */
export async function readBody(request: IncomingMessage): Promise<string | null> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > maxBodyBytes) return null;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

export function write(response: ServerResponse, answer: WireResponse): void {
  response.writeHead(answer.status, {
    'Content-Type': `${answer.contentType ?? 'application/json'};charset=UTF-8`,
    ...answer.headers,
  });
  response.end(answer.body);
}

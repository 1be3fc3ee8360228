import { once } from 'node:events';
import { connect as connectPlain } from 'node:net';
import { connect as connectTls } from 'node:tls';
import type { EdgeAnswer } from './edgeRequest';

export interface RawWish {
  readonly port: number;
  /** Sent as it is, byte by byte as it stands here (latin1). */
  readonly text: string;
  /** True: not over TLS. */
  readonly isPlain?: boolean;
}

/** The answer to what no client of HTTP would send: the first one, where the connection is then closed. */
export async function sendRaw({ port, text, isPlain = false }: RawWish): Promise<EdgeAnswer> {
  const socket = isPlain
    ? connectPlain({ host: '127.0.0.1', port })
    : connectTls({ host: '127.0.0.1', port, servername: 'localhost', rejectUnauthorized: false });
  await once(socket, isPlain ? 'connect' : 'secureConnect');
  socket.write(text, 'latin1');
  const chunks: Buffer[] = [];
  for await (const chunk of socket) chunks.push(chunk as Buffer);
  return readAnswer(Buffer.concat(chunks).toString('latin1'));
}

function readAnswer(answer: string): EdgeAnswer {
  const [head = '', ...body] = answer.split('\r\n\r\n');
  const [statusLine = '', ...lines] = head.split('\r\n');
  const rawHeaders = lines.flatMap((line) => {
    const colon = line.indexOf(':');
    return [line.slice(0, colon), line.slice(colon + 1).trim()];
  });
  const headers: Record<string, string> = {};
  for (let at = 0; at < rawHeaders.length; at += 2) headers[rawHeaders[at]!.toLowerCase()] = rawHeaders[at + 1]!;
  return { status: Number(statusLine.split(' ')[1]), rawHeaders, headers, text: body.join('\r\n\r\n') };
}

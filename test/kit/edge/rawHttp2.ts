import { once } from 'node:events';
import { connect } from 'node:tls';

const preface = 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n';
/** Types and flags of frames: RFC 9113, 6. */
const [headersFrame, settingsFrame, endsStream, endsHeaders] = [1, 4, 1, 4];

/**
 * A GET over HTTP/2 with headers that Node's own client refuses to send. Resolves with the connection, on which the answer comes; whoever has it
 * destroys it.
 */
export async function sendHttp2(
  port: number,
  headers: Readonly<Record<string, string>>,
): Promise<ReturnType<typeof connect>> {
  const options = { host: '127.0.0.1', port, servername: 'localhost', rejectUnauthorized: false };
  const socket = connect({ ...options, ALPNProtocols: ['h2'] });
  socket.on('error', () => undefined);
  await once(socket, 'secureConnect');
  const fields = { ':method': 'GET', ':scheme': 'https', ':authority': 'localhost', ...headers };
  const block = Buffer.concat(Object.entries(fields).map(([name, value]) => literal(name, value)));
  socket.write(preface);
  socket.write(frame(settingsFrame, 0, Buffer.alloc(0)));
  socket.write(frame(headersFrame, endsStream | endsHeaders, block));
  return socket;
}

function frame(type: number, flags: number, payload: Buffer): Buffer {
  const head = Buffer.alloc(9);
  head.writeUIntBE(payload.length, 0, 3);
  head.writeUInt8(type, 3);
  head.writeUInt8(flags, 4);
  head.writeUInt32BE(type === settingsFrame ? 0 : 1, 5);
  return Buffer.concat([head, payload]);
}

/** A field that no table knows, of at most 126 bytes each: RFC 7541, 6.2.2. */
function literal(name: string, value: string): Buffer {
  const text = (part: string): Buffer => Buffer.concat([Buffer.from([part.length]), Buffer.from(part, 'latin1')]);
  return Buffer.concat([Buffer.from([0]), text(name), text(value)]);
}

import { once } from 'node:events';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { createHash } from 'node:crypto';
import WebSocket from 'ws';
import { BurstBuffer } from '../../src/server/burstBuffer';
import { SharedFrame, toIdText, WholeFrame } from '../../src/server/sharedFrame';

const shortLengths = Array.from({ length: 131 }, (_, length) => length);
const longLengths = Array.from({ length: 101 }, (_, index) => 65_500 + index);
const lengths = [...shortLengths, ...longLengths, 65_536 * 2, 1_000_003];

/** The frame as a socket writes it, of a payload whose whole message has this many bytes; null where no message is so short. */
function frameOfLength(length: number): { readonly bytes: Buffer; readonly json: string } | null {
  const padding = length - JSON.stringify({ id: 'a', type: 'next', payload: '' }).length;
  return padding < 0 ? null : frameOf('a', 'x'.repeat(padding));
}

function frameOf(id: string, payload: unknown): { readonly bytes: Buffer; readonly json: string } {
  const frame = new SharedFrame(payload as object);
  return {
    bytes: Buffer.from(new BurstBuffer().lay([frame], [toIdText(id)])),
    json: JSON.stringify({ id, type: 'next', payload }),
  };
}

const unusualTexts = [
  'é',
  '价格',
  '💹',
  '\ud800',
  '\udc00\ud800',
  '\u2028\u2029',
  '\u0000\u001f\u007f\u0080\u00ff\u0100',
  '"\\/',
  '\ufeff\uffff',
];

describe('a shared frame', () => {
  let server: Server;
  let client: WebSocket;
  let stream: Socket;
  const received: Buffer[] = [];

  beforeAll(async () => {
    server = createServer((socket) => {
      stream = socket;
      socket.once('data', (head) => {
        const key = /sec-websocket-key: (.*)\r/i.exec(head.toString())?.[1] ?? '';
        const accept = createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64');
        socket.write(
          `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`,
        );
      });
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    client = new WebSocket(`ws://127.0.0.1:${(server.address() as AddressInfo).port}`);
    client.on('message', (data, isBinary) => {
      if (!isBinary) received.push(data as Buffer);
    });
    await once(client, 'open');
  });

  afterAll(async () => {
    client.terminate();
    server.close();
    await once(server, 'close');
  });

  /** What a client makes of frames that are written together; it fails the connection over the first byte that is wrong. */
  async function readBack(frames: readonly Buffer[]): Promise<readonly string[]> {
    received.length = 0;
    stream.write(Buffer.concat([...frames, new WholeFrame({ type: 'last' }).bytes]));
    while (received.at(-1)?.toString() !== '{"type":"last"}') await once(client, 'message');
    return received.slice(0, -1).map((data) => data.toString());
  }

  it('is read by a client at every length at which its header changes', async () => {
    const frames = lengths.flatMap((length) => frameOfLength(length) ?? []);
    expect(frames.length).toBeGreaterThan(180);
    const read = await readBack(frames.map(({ bytes }) => bytes));
    expect(read.map(({ length }) => length)).toEqual(frames.map(({ json }) => json.length));
    expect(read.every((one, index) => one === frames[index]?.json)).toBe(true);
  });

  it('is the very bytes that ws sends of the same text', () => {
    for (const length of lengths) {
      const frame = frameOfLength(length);
      if (frame !== null) expect(frame.bytes.equals(wsFrame(frame.json))).toBe(true);
    }
    for (const length of shortLengths) {
      const message = { type: 'x'.repeat(length) };
      expect(new WholeFrame(message).bytes.equals(wsFrame(JSON.stringify(message)))).toBe(true);
    }
  });

  it.each(unusualTexts)('means what was meant, in ids, keys and values: %j', async (text) => {
    const payload = { data: { [text]: [text, text.repeat(200), null, 1.5] } };
    const [read, message] = await readBack([
      frameOf(text, payload).bytes,
      new WholeFrame({ id: text, type: 'error', payload }).bytes,
    ]);
    expect(JSON.parse(read ?? '')).toEqual({ id: text, type: 'next', payload });
    expect(JSON.parse(message ?? '')).toEqual({ id: text, type: 'error', payload });
  });

  it('reaches readers whose ids differ, one after the other from the same buffer', async () => {
    const [first, second] = [new SharedFrame({ data: 'é' }), new SharedFrame({ data: [1, 2] })];
    const ids = ['a', 'b', 'long'.repeat(16), '💹', 'c', 'd', '€'.repeat(64)];
    const burst = new BurstBuffer();
    const socketBytes = ids.map((id) => Buffer.from(burst.lay([first, second], [toIdText(id), toIdText(`${id}2`)])));
    expect((await readBack(socketBytes)).map((text) => JSON.parse(text) as unknown)).toEqual(
      ids.flatMap((id) => [
        { id, type: 'next', payload: { data: 'é' } },
        { id: `${id}2`, type: 'next', payload: { data: [1, 2] } },
      ]),
    );
  });

  it('stands between whole messages in the order in which they were put', async () => {
    const burst = new BurstBuffer();
    const frame = new SharedFrame({ data: 1 });
    const whole = new WholeFrame({ id: 'a', type: 'complete' });
    const bytes = ['a', 'b'].map((id) =>
      Buffer.from(burst.lay([frame, whole, frame], [toIdText(id), '', toIdText(id)])),
    );
    const next = (id: string): object => ({ id, type: 'next', payload: { data: 1 } });
    const complete = { id: 'a', type: 'complete' };
    expect((await readBack(bytes)).map((text) => JSON.parse(text) as unknown)).toEqual(
      ['a', 'b'].flatMap((id) => [next(id), complete, next(id)]),
    );
  });

  it.each(['x'.repeat(3_000), 'é', '\u20ac', '\u{1f680}', '\ud800'])('says how many bytes it takes: %p', (data) => {
    const id = toIdText('a');
    const { bytes } = frameOf('a', { data });
    const header = bytes.length < 200 ? 2 : 4;
    expect(bytes.length).toBe(header + '{"id":'.length + id.length + new SharedFrame({ data }).byteLength);
  });

  it('is not written over where somebody still needs it', () => {
    const burst = new BurstBuffer();
    const frame = new SharedFrame({ data: 1 });
    const kept = burst.lay([frame], [toIdText('a')]);
    const text = kept.toString();
    burst.giveAway();
    burst.lay([frame], [toIdText('b')]);
    expect(kept.toString()).toBe(text);
  });
});

interface WsSender {
  readonly frame: (data: Buffer, options: object) => readonly Buffer[];
}

/** ws's own sender: the header and the data of a final, unmasked text frame. */
function wsFrame(text: string): Buffer {
  const { frame } = (WebSocket as unknown as { readonly Sender: WsSender }).Sender;
  return Buffer.concat([
    ...frame(Buffer.from(text), { fin: true, rsv1: false, opcode: 1, mask: false, readOnly: false }),
  ]);
}

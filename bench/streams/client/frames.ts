/** RFC 6455, as far as a reader needs it. */
export const opcodes = { text: 1, close: 8, ping: 9, pong: 10 } as const;

/** A masked frame of at most 64 kB. The mask is zero: masking is the rule for clients, not a secret. */
export function toMaskedFrame(payload: Buffer, opcode: number = opcodes.text): Buffer {
  const isLong = payload.length > 125;
  const header = Buffer.alloc(isLong ? 8 : 6);
  header[0] = 0x80 | opcode;
  header[1] = 0x80 | (isLong ? 126 : payload.length);
  if (isLong) header.writeUInt16BE(payload.length, 2);
  return Buffer.concat([header, payload]);
}

export const toMaskedText = (text: string): Buffer => toMaskedFrame(Buffer.from(text));

export type FrameListener = (opcode: number, bytes: Buffer, start: number, end: number) => void;

/** Cuts what a socket read into frames. Copies only a frame that came in two pieces. */
export class FrameScanner {
  #rest: Buffer | null = null;

  constructor(private readonly onFrame: FrameListener) {}

  /** `chunk` may be used again for the next read. */
  scan(chunk: Buffer): void {
    const bytes = this.#rest === null ? chunk : Buffer.concat([this.#rest, chunk]);
    let at = 0;
    for (;;) {
      const start = payloadStart(bytes, at);
      const end = start + payloadLength(bytes, at);
      // An unfinished header gives NaN, which is greater than nothing.
      if (!(end <= bytes.length)) break;
      this.onFrame((bytes[at] ?? 0) & 0x0f, bytes, start, end);
      at = end;
    }
    this.#rest = at === bytes.length ? null : Buffer.from(bytes.subarray(at));
  }
}

function payloadStart(bytes: Buffer, at: number): number {
  const short = (bytes[at + 1] ?? 0) & 0x7f;
  return at + (short < 126 ? 2 : short === 126 ? 4 : 10);
}

function payloadLength(bytes: Buffer, at: number): number {
  const short = bytes[at + 1];
  if (short === undefined) return Number.NaN;
  if ((short & 0x7f) < 126) return short & 0x7f;
  if ((short & 0x7f) === 126) return at + 4 <= bytes.length ? bytes.readUInt16BE(at + 2) : Number.NaN;
  return at + 10 <= bytes.length ? Number(bytes.readBigUInt64BE(at + 2)) : Number.NaN;
}

import type { SharedPayload } from '../streams/reader';

/*
 * WebSocket text frames (RFC 6455, 5.2: final, unmasked) of graphql-transport-ws messages. A `next` message is
 * {"id":…,"type":"next","payload":…}: the id is its reader's, all the rest is the same for everybody.
 */

const finalTextFrame = 0x81;
const outsideAscii = /[^\x00-\x7f]/g;

/** Bytes of a frame's header for a message of this length. */
export function headerOf(length: number): Uint8Array {
  if (length < 126) return Uint8Array.of(finalTextFrame, length);
  if (length < 65_536) return Uint8Array.of(finalTextFrame, 126, length >>> 8, length & 0xff);
  const bytes = [24, 16, 8, 0].map((shift) => (length >>> shift) & 0xff);
  return Uint8Array.of(finalTextFrame, 127, 0, 0, 0, 0, ...bytes);
}

export function headerLengthOf(length: number): number {
  if (length < 126) return 2;
  return length < 65_536 ? 4 : 10;
}

/** A message that is sent to one reader, as a whole frame. */
export class WholeFrame {
  readonly bytes: Buffer;

  constructor(message: object) {
    const json = Buffer.from(JSON.stringify(message));
    this.bytes = Buffer.concat([headerOf(json.length), json]);
  }
}

/** The payload of a `next` message, made once for all of its readers. */
export class SharedFrame implements SharedPayload {
  /** Everything behind the id. Text: many are held for those who come back, and a buffer of its own costs more than a short one holds. */
  readonly tail: string;
  /** Of the tail in UTF-8. */
  readonly byteLength: number;

  constructor(payload: object) {
    this.tail = `,"type":"next","payload":${JSON.stringify(payload)}}`;
    this.byteLength = Buffer.byteLength(this.tail);
  }
}

/** What stands before the id in a `next` message. */
export const beforeId = Buffer.from('{"id":');

/** An operation's id as JSON text of which each character is one byte: what is outside ASCII is escaped as JSON allows. */
export function toIdText(id: string): string {
  return JSON.stringify(id).replace(
    outsideAscii,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

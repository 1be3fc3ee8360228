import type { SharedPayload } from '../streams/reader';

/*
 * WebSocket text frames (RFC 6455, 5.2: final, unmasked) as text of which each character is one byte: what is outside
 * ASCII is escaped as JSON allows, so that UTF-8, latin1 and the length of the text agree, and no Buffer is needed.
 */

const finalTextFrame = '\x81';
const outsideAscii = /[^\x00-\x7f]/;
const everyOutsideAscii = /[^\x00-\x7f]/g;

function escapeCharacter(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}

/** JSON text with everything outside ASCII escaped. */
function toAscii(json: string): string {
  return outsideAscii.test(json) ? json.replace(everyOutsideAscii, escapeCharacter) : json;
}

function headerFor(length: number): string {
  if (length < 126) return finalTextFrame + String.fromCharCode(length);
  if (length < 65_536) return finalTextFrame + String.fromCharCode(126, length >>> 8, length & 0xff);
  const bytes = [24, 16, 8, 0].map((shift) => (length >>> shift) & 0xff);
  return finalTextFrame + String.fromCharCode(127, 0, 0, 0, 0, ...bytes);
}

/** A whole message as a frame. */
export function toFrame(message: object): string {
  const json = toAscii(JSON.stringify(message));
  return headerFor(json.length) + json;
}

/** What stands before the payload in every `next` message of one subscription. */
export function nextPrefix(id: string): string {
  const prefix = `{"id":${toAscii(JSON.stringify(id))},"type":"next","payload":`;
  // Put together, a text holds on to its parts; there is one for each subscription, read with every event.
  return Buffer.from(prefix, 'latin1').toString('latin1');
}

/** The payload of a `next` message, made once: each reader's frame is its header, the reader's prefix and this. */
export class SharedFrame implements SharedPayload {
  readonly tail: string;
  #prefixLength = -1;
  #header = '';

  constructor(payload: object) {
    this.tail = toAscii(`${JSON.stringify(payload)}}`);
  }

  get byteLength(): number {
    return this.tail.length;
  }

  /** The header of a frame with a prefix of this length; for most readers the same. */
  headerFor(prefixLength: number): string {
    if (prefixLength !== this.#prefixLength) {
      this.#prefixLength = prefixLength;
      this.#header = headerFor(prefixLength + this.tail.length);
    }
    return this.#header;
  }
}

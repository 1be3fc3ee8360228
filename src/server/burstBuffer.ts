import { beforeId, headerOf, WholeFrame, type SharedFrame } from './sharedFrame';

export type Frame = SharedFrame | WholeFrame;

/** Bytes that one turn seldom exceeds for a socket. */
const usualCapacity = 65_536;

/**
 * Puts the frames for one socket one after the other into a buffer, to be sent in one write. Most sockets of a turn are
 * sent the same frames: then everything lies there already, and only the ids are written over.
 */
export class BurstBuffer {
  #buffer = Buffer.allocUnsafeSlow(usualCapacity);
  /** What lies there. */
  #bytes = this.#buffer.subarray(0, 0);
  #frames: readonly Frame[] = [];
  #idLengths: readonly number[] = [];
  #idOffsets: readonly number[] = [];

  /**
   * The bytes of these frames, good until the next call. idTexts: for each frame the id of its reader (`toIdText`),
   * empty for a whole frame.
   */
  lay(frames: readonly Frame[], idTexts: readonly string[]): Buffer {
    if (!this.#holds(frames, idTexts)) this.#layAnew(frames, idTexts);
    for (let index = 0; index < idTexts.length; index += 1) {
      this.#writeId(idTexts[index] ?? '', this.#idOffsets[index] ?? 0);
    }
    return this.#bytes;
  }

  /** Whoever was given the last bytes still needs them. */
  giveAway(): void {
    this.#buffer = Buffer.allocUnsafeSlow(usualCapacity);
    this.#frames = [];
  }

  #holds(frames: readonly Frame[], idTexts: readonly string[]): boolean {
    if (frames.length !== this.#frames.length) return false;
    for (let index = 0; index < frames.length; index += 1) {
      if (frames[index] !== this.#frames[index]) return false;
      if (idTexts[index]?.length !== this.#idLengths[index]) return false;
    }
    return true;
  }

  #layAnew(frames: readonly Frame[], idTexts: readonly string[]): void {
    const parts: Uint8Array[] = [];
    const idOffsets: number[] = [];
    let length = 0;
    const add = (part: Uint8Array): void => {
      parts.push(part);
      length += part.length;
    };
    frames.forEach((frame, index) => {
      if (frame instanceof WholeFrame) {
        idOffsets.push(length);
        add(frame.bytes);
        return;
      }
      const id = new Uint8Array(idTexts[index]?.length ?? 0);
      add(headerOf(beforeId.length + id.length + frame.tail.length));
      add(beforeId);
      idOffsets.push(length);
      add(id);
      add(frame.tail);
    });
    this.#makeRoom(length);
    let offset = 0;
    for (const part of parts) {
      this.#buffer.set(part, offset);
      offset += part.length;
    }
    this.#bytes = this.#buffer.subarray(0, length);
    this.#frames = frames;
    this.#idLengths = idTexts.map((idText) => idText.length);
    this.#idOffsets = idOffsets;
  }

  /** A burst of unusual size has a buffer of its own, which the next one does not keep. */
  #makeRoom(length: number): void {
    const capacity = Math.max(length, usualCapacity);
    if (this.#buffer.length !== capacity) this.#buffer = Buffer.allocUnsafeSlow(capacity);
  }

  #writeId(idText: string, offset: number): void {
    const buffer = this.#buffer;
    for (let index = 0; index < idText.length; index += 1) buffer[offset + index] = idText.charCodeAt(index);
  }
}

import { beforeId, headerOf, WholeFrame, type SharedFrame } from './sharedFrame';

export type Frame = SharedFrame | WholeFrame;

/**
 * Puts the frames for one socket one after the other into a buffer, to be sent in one write. Most sockets of a turn are
 * sent the same frames: then everything lies there already, and only the ids are written over.
 */
export class BurstBuffer {
  /** As large as what lies there: who does not take it holds no more of it than waits for him. */
  #bytes = Buffer.alloc(0);
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

  /** Whoever was given the last bytes still needs them: they are not written over. */
  giveAway(): void {
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
    this.#bytes = Buffer.concat(parts, length);
    this.#frames = frames;
    this.#idLengths = idTexts.map((idText) => idText.length);
    this.#idOffsets = idOffsets;
  }

  #writeId(idText: string, offset: number): void {
    const bytes = this.#bytes;
    for (let index = 0; index < idText.length; index += 1) bytes[offset + index] = idText.charCodeAt(index);
  }
}

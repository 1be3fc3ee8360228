import { beforeId, headerLengthOf, headerOf, WholeFrame, type SharedFrame } from './sharedFrame';

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
    let length = 0;
    frames.forEach((frame, index) => (length += bytesOf(frame, idTexts[index] ?? '')));
    const bytes = Buffer.allocUnsafe(length);
    let end = 0;
    const put = (part: Uint8Array): void => {
      bytes.set(part, end);
      end += part.length;
    };
    this.#idLengths = idTexts.map((idText) => idText.length);
    this.#idOffsets = frames.map((frame, index) => {
      if (frame instanceof WholeFrame) {
        put(frame.bytes);
        return end;
      }
      const idText = idTexts[index] ?? '';
      put(headerOf(messageBytesOf(frame, idText)));
      put(beforeId);
      const idOffset = end;
      end += idText.length;
      end += bytes.write(frame.tail, end);
      return idOffset;
    });
    this.#bytes = bytes;
    this.#frames = frames;
  }

  #writeId(idText: string, offset: number): void {
    const bytes = this.#bytes;
    for (let index = 0; index < idText.length; index += 1) bytes[offset + index] = idText.charCodeAt(index);
  }
}

function messageBytesOf(frame: SharedFrame, idText: string): number {
  return beforeId.length + idText.length + frame.byteLength;
}

function bytesOf(frame: Frame, idText: string): number {
  if (frame instanceof WholeFrame) return frame.bytes.length;
  const message = messageBytesOf(frame, idText);
  return headerLengthOf(message) + message;
}

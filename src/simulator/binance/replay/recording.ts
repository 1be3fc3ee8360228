import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { RecordingError } from './recordingError';

/** A line of a recording: a frame of a combined socket, or the answer to a request for a depth snapshot. */
export type RecordedLine =
  | { readonly kind: 'frame'; readonly timeMs: number; readonly stream: string; readonly data: string }
  | { readonly kind: 'snapshot'; readonly timeMs: number; readonly data: string };

const lineShape = /^(\d{1,19}) (\{.*\})$/;
const frameShape = /^\{"stream":"([^"\\]+)","data":(.*)\}$/;
const gzipMagic = [0x1f, 0x8b];

/**
 * Reads a recording, packed with gzip or plain, line by line: `<local time in ns> <raw JSON>`. The `data` of a frame is given
 * as the very characters that were recorded. Throws RecordingError with the number of a line that is neither kind.
 */
export async function* readRecording(file: string): AsyncGenerator<RecordedLine> {
  const lines = createInterface({ input: await openText(file), crlfDelay: Infinity });
  let number = 0;
  try {
    for await (const line of lines) {
      number += 1;
      if (line !== '') yield parseLine(line, `${file}, line ${number}`);
    }
  } catch (error) {
    if (error instanceof RecordingError) throw error;
    throw new RecordingError(`${file} cannot be read beyond line ${number}`, error);
  }
}

async function openText(file: string): Promise<Readable> {
  const magic = Buffer.alloc(2);
  try {
    const handle = await open(file);
    try {
      await handle.read(magic, 0, 2, 0);
    } finally {
      await handle.close();
    }
  } catch (error) {
    throw new RecordingError(`${file} cannot be opened`, error);
  }
  const bytes = createReadStream(file);
  if (!magic.equals(Buffer.from(gzipMagic))) return bytes;
  const unpacked = createGunzip();
  bytes.on('error', (error) => unpacked.destroy(error));
  return bytes.pipe(unpacked);
}

function parseLine(line: string, where: string): RecordedLine {
  const match = lineShape.exec(line);
  if (match?.[1] === undefined || match[2] === undefined) {
    throw new RecordingError(`${where}: expected "<nanoseconds> <JSON>"`);
  }
  const timeMs = Number(match[1]) / 1e6;
  const frame = frameShape.exec(match[2]);
  if (frame?.[1] !== undefined && frame[2] !== undefined) {
    return { kind: 'frame', timeMs, stream: frame[1], data: frame[2] };
  }
  if (match[2].startsWith('{"lastUpdateId":')) return { kind: 'snapshot', timeMs, data: match[2] };
  throw new RecordingError(`${where}: neither a frame of a combined stream nor a depth snapshot`);
}

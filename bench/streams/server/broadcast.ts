import type { Duplex } from 'node:stream';
import type { WebSocket } from 'ws';

export interface RawReader {
  readonly socket: WebSocket;
  /** What carries the WebSocket. */
  readonly stream: Duplex;
}

/** Sends one text to all readers. */
export type Broadcast = (readers: ReadonlySet<RawReader>, json: string) => void;

/** What everyone writes first. */
export const sendToEach: Broadcast = (readers, json) => {
  for (const { socket } of readers) socket.send(json);
};

/** The least that it can cost in Node: a frame built once for all, all frames of a turn in one write. It asks nobody whether he keeps up. */
export function writeOnceATurn(): Broadcast {
  let waiting = '';
  return (readers, json) => {
    if (waiting === '') {
      setImmediate(() => {
        for (const { stream } of readers) stream.write(waiting, 'latin1');
        waiting = '';
      });
    }
    waiting += toFrame(json);
  };
}

/** Of a text in ASCII between 126 and 65,535 characters. */
function toFrame(json: string): string {
  return `\x81\x7e${String.fromCharCode(json.length >> 8, json.length & 0xff)}${json}`;
}

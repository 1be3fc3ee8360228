type Frame = string | Buffer;
export type Send = (frame: Frame) => void;

interface Withheld {
  readonly frame: Frame;
  readonly timer: NodeJS.Timeout;
  /** Frames that still come before it. */
  behind: number;
}

/** Frames that are let out of their order: each waits until some later frames of its stream, on its socket, have gone out. */
export class WithheldFrames {
  private readonly bySocket = new WeakMap<Send, Map<string, Withheld[]>>();

  /** Keeps a frame back until so many others have overtaken it, or none has come for so long. */
  withhold(frame: Frame, place: { send: Send; stream: string; behind: number; delayMs: number }): void {
    const { send, stream, behind, delayMs } = place;
    const waiting = this.waiting(send, stream);
    const timer = setTimeout(() => {
      this.letOut(waiting, waiting.indexOf(entry), send);
    }, delayMs);
    const entry = { frame, timer, behind };
    waiting.push(entry);
  }

  /** To be called when a frame of the stream has gone out on this socket. */
  overtaken(send: Send, stream: string): void {
    const waiting = this.bySocket.get(send)?.get(stream);
    if (waiting === undefined) return;
    for (const entry of waiting) entry.behind -= 1;
    // The latest first: what was withheld together comes back in reverse.
    for (let i = waiting.length - 1; i >= 0; i -= 1) {
      if ((waiting[i]?.behind ?? 1) <= 0) this.letOut(waiting, i, send);
    }
  }

  private letOut(waiting: Withheld[], index: number, send: Send): void {
    const [entry] = waiting.splice(index, 1);
    if (entry === undefined) return;
    clearTimeout(entry.timer);
    send(entry.frame);
  }

  private waiting(send: Send, stream: string): Withheld[] {
    const streams = this.bySocket.get(send) ?? new Map<string, Withheld[]>();
    this.bySocket.set(send, streams);
    const waiting = streams.get(stream) ?? [];
    streams.set(stream, waiting);
    return waiting;
  }
}

import { createRandom, type Random } from '../engine/random';
import { matches, type FrameFault, type RestFault } from './fault';
import { WithheldFrames, type Send } from './withheldFrames';

/** Sent where a frame is made unreadable, as the kind of frame it was: neither JSON nor protobuf. */
const garbage = '<<< this is not JSON >>>';

interface Standing<F> {
  readonly id: number;
  readonly fault: F;
  readonly random: Random;
  remaining: number | null;
  applied: number;
}

/** A fault that is waiting for its victims, as the control endpoint shows it. */
export interface StandingFault {
  readonly id: number;
  readonly fault: FrameFault | RestFault;
  readonly remaining: number | null;
  /** How often it has happened. */
  readonly applied: number;
}

/** The faults that are in force. The first that matches is the one that happens. */
export class FaultBoard {
  private readonly frames: Standing<FrameFault>[] = [];
  private readonly rests: Standing<RestFault>[] = [];
  private readonly withheld = new WithheldFrames();
  private lastId = 0;

  addFrameFault(fault: FrameFault): StandingFault {
    return this.add(this.frames, fault);
  }

  addRestFault(fault: RestFault): StandingFault {
    return this.add(this.rests, fault);
  }

  list(): StandingFault[] {
    return [...this.frames, ...this.rests].sort((a, b) => a.id - b.id).map(show);
  }

  /** Lifts one fault, or all where no id is given; says how many. */
  clear(id: number | null): number {
    let lifted = 0;
    for (const list of [this.frames, this.rests]) {
      for (let i = list.length - 1; i >= 0; i -= 1) {
        if (id !== null && list[i]?.id !== id) continue;
        list.splice(i, 1);
        lifted += 1;
      }
    }
    return lifted;
  }

  /** Sends a frame, or what comes in its place: nothing, something worse, or the frame at another time. send: the same for all of a socket. */
  pass(stream: string, frame: string | Buffer, send: Send): void {
    const isText = typeof frame === 'string';
    const fault = take(this.frames, (candidate) => {
      return (
        matches(candidate.stream, stream) && (candidate.content === '*' || matches(candidate.content, String(frame)))
      );
    });
    switch (fault?.kind) {
      case 'gap':
      case 'stall':
        return;
      case 'delay':
        setTimeout(() => {
          send(frame);
        }, fault.delayMs);
        return;
      case 'reorder':
        this.withheld.withhold(frame, { ...fault, send, stream });
        return;
      case 'duplicate':
        for (let i = 0; i < fault.times; i += 1) send(frame);
        break;
      case 'corrupt':
        send(isText ? garbage : Buffer.from(garbage));
        break;
      case 'truncate':
        send(isText ? frame.slice(0, frame.length >> 1) : frame.subarray(0, frame.length >> 1));
        break;
      case undefined:
        send(frame);
    }
    this.withheld.overtaken(send, stream);
  }

  /** The fault that befalls a call, if any. content: its query and body. */
  takeRestFault(method: string, path: string, content: string): RestFault | null {
    return take(
      this.rests,
      (fault) => matches(fault.path, path) && (fault.method ?? method) === method && matches(fault.content, content),
    );
  }

  private add<F extends FrameFault | RestFault>(list: Standing<F>[], fault: F): StandingFault {
    this.lastId += 1;
    const standing = {
      id: this.lastId,
      fault,
      random: createRandom(fault.seed),
      remaining: fault.count,
      applied: 0,
    };
    list.push(standing);
    return show(standing);
  }
}

function show({ id, fault, remaining, applied }: Standing<FrameFault | RestFault>): StandingFault {
  return { id, fault, remaining, applied };
}

function take<F extends FrameFault | RestFault>(list: Standing<F>[], isMatch: (fault: F) => boolean): F | null {
  const index = list.findIndex(
    ({ fault, random }) => isMatch(fault) && (fault.probability === 1 || random.next() < fault.probability),
  );
  const standing = list[index];
  if (standing === undefined) return null;
  standing.applied += 1;
  if (standing.remaining !== null) {
    standing.remaining -= 1;
    if (standing.remaining === 0) list.splice(index, 1);
  }
  return standing.fault;
}

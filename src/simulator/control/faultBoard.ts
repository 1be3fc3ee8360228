import { matches, type FrameFault, type RestFault } from './fault';

/** Sent where a frame is made unreadable, as the kind of frame it was: neither JSON nor protobuf. */
const garbage = '<<< this is not JSON >>>';

interface Standing<F> {
  readonly id: number;
  readonly fault: F;
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
  private lastId = 0;

  addFrameFault(fault: FrameFault): StandingFault {
    return this.add(this.frames, fault);
  }

  addRestFault(fault: RestFault): StandingFault {
    return this.add(this.rests, fault);
  }

  list(): StandingFault[] {
    return [...this.frames, ...this.rests].sort((a, b) => a.id - b.id);
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

  /** What goes out in place of a frame: nothing, the frame, or something worse. */
  pass(stream: string, frame: string | Buffer): readonly (string | Buffer)[] {
    const fault = take(this.frames, (candidate) => matches(candidate.stream, stream));
    switch (fault?.kind) {
      case undefined:
        return [frame];
      case 'gap':
      case 'stall':
        return [];
      case 'duplicate':
        return [frame, frame];
      case 'corrupt':
        return [typeof frame === 'string' ? garbage : Buffer.from(garbage)];
      case 'truncate':
        return [typeof frame === 'string' ? frame.slice(0, frame.length >> 1) : frame.subarray(0, frame.length >> 1)];
    }
  }

  /** The fault that befalls a call, if any. */
  takeRestFault(method: string, path: string): RestFault | null {
    return take(this.rests, (fault) => matches(fault.path, path) && (fault.method ?? method) === method);
  }

  private add<F extends FrameFault | RestFault>(list: Standing<F>[], fault: F): StandingFault {
    this.lastId += 1;
    const standing = { id: this.lastId, fault, remaining: fault.count, applied: 0 };
    list.push(standing);
    return standing;
  }
}

function take<F>(list: Standing<F>[], isMatch: (fault: F) => boolean): F | null {
  const index = list.findIndex((standing) => isMatch(standing.fault));
  const standing = list[index];
  if (standing === undefined) return null;
  standing.applied += 1;
  if (standing.remaining !== null) {
    standing.remaining -= 1;
    if (standing.remaining === 0) list.splice(index, 1);
  }
  return standing.fault;
}

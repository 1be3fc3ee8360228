/** A fault of data on a socket. Kinds: see `docs/SIMULATOR.md`. */
export interface FrameFault {
  readonly kind: 'gap' | 'duplicate' | 'corrupt' | 'truncate' | 'stall';
  /** Streams it applies to; `*` stands for any text. */
  readonly stream: string;
  /** Frames it still takes; null is without end. */
  readonly count: number | null;
}

/** A fault of REST answers. */
export interface RestFault {
  readonly kind: 'rate-limit' | 'ban' | 'bad-gateway' | 'slow' | 'reply-lost';
  /** Paths it applies to; `*` stands for any text. */
  readonly path: string;
  /** Null is every method. */
  readonly method: string | null;
  /** Answers it still takes; null is without end. */
  readonly count: number | null;
  /** For rate-limit and ban: what Retry-After says. */
  readonly retryAfterSeconds: number;
  /** For slow: how long a ready answer is held back. */
  readonly delayMs: number;
}

/** A fault of whole sockets, which happens at once. */
export interface SocketFault {
  readonly kind: 'drop' | 'half-open';
  /** Sockets with a stream like this; `*` is every socket, subscribed or not. */
  readonly stream: string;
}

export type Fault = FrameFault | RestFault | SocketFault;

/** A control request that cannot be carried out, with a sentence for its reader. */
export class ControlError extends Error {
  constructor(
    message: string,
    readonly status = 400,
  ) {
    super(message);
    this.name = 'ControlError';
  }
}

const frameKinds = ['gap', 'duplicate', 'corrupt', 'truncate', 'stall'] as const;
const restKinds = ['rate-limit', 'ban', 'bad-gateway', 'slow', 'reply-lost'] as const;
const socketKinds = ['drop', 'half-open'] as const;
const allKinds = [...frameKinds, ...restKinds, ...socketKinds];

const fieldsOf = {
  frame: ['kind', 'stream', 'count'],
  rest: ['kind', 'path', 'method', 'count', 'retryAfterSeconds', 'delayMs'],
  socket: ['kind', 'stream'],
} as const;

/** Reads a fault from the body of a control request. Throws ControlError with a sentence that says what is wrong. */
export function parseFault(body: string): Fault {
  const fields = new Fields(body);
  const kind = fields.text('kind', null);
  if (isOneOf(frameKinds, kind)) {
    fields.allow(kind, fieldsOf.frame);
    // A gap or a broken frame without a count is one; a stall lasts until it is cleared.
    return { kind, stream: fields.text('stream', '*'), count: fields.count(kind === 'stall' ? null : 1) };
  }
  if (isOneOf(restKinds, kind)) {
    fields.allow(kind, fieldsOf.rest);
    return {
      kind,
      path: fields.text('path', '*'),
      method: fields.optionalText('method'),
      count: fields.count(null),
      retryAfterSeconds: fields.whole('retryAfterSeconds', 1),
      delayMs: fields.whole('delayMs', 1000),
    };
  }
  if (isOneOf(socketKinds, kind)) {
    fields.allow(kind, fieldsOf.socket);
    return { kind, stream: fields.text('stream', '*') };
  }
  throw new ControlError(`"kind" must be one of ${allKinds.join(', ')}, not "${kind}".`);
}

export function isRestFault(fault: Fault): fault is RestFault {
  return isOneOf(restKinds, fault.kind);
}

export function isSocketFault(fault: Fault): fault is SocketFault {
  return isOneOf(socketKinds, fault.kind);
}

/** True where the text matches a pattern in which `*` stands for any text. */
export function matches(pattern: string, text: string): boolean {
  const escaped = pattern.split('*').map((part) => part.replace(/[.+?^${}()|[\]\\]/g, String.raw`\$&`));
  return new RegExp(`^${escaped.join('.*')}$`).test(text);
}

function isOneOf<T extends string>(kinds: readonly T[], kind: string): kind is T {
  return (kinds as readonly string[]).includes(kind);
}

class Fields {
  private readonly values: Readonly<Record<string, unknown>>;

  constructor(body: string) {
    let parsed: unknown;
    try {
      parsed = JSON.parse(body);
    } catch {
      throw new ControlError('The body must be a JSON object, e.g. {"kind":"drop"}.');
    }
    if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) {
      throw new ControlError('The body must be a JSON object, e.g. {"kind":"drop"}.');
    }
    this.values = { ...parsed };
  }

  allow(kind: string, names: readonly string[]): void {
    const unknown = Object.keys(this.values).find((name) => !names.includes(name));
    if (unknown !== undefined) {
      throw new ControlError(`A fault of kind "${kind}" has no field "${unknown}"; it has ${names.join(', ')}.`);
    }
  }

  text(name: string, byDefault: string | null): string {
    const value = this.values[name] ?? byDefault;
    if (typeof value !== 'string' || value === '') throw new ControlError(`"${name}" must be text that is not empty.`);
    return value;
  }

  optionalText(name: string): string | null {
    return this.values[name] === undefined ? null : this.text(name, null);
  }

  whole(name: string, byDefault: number): number {
    const value = this.values[name] ?? byDefault;
    if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0) {
      throw new ControlError(`"${name}" must be a whole number that is not negative.`);
    }
    return value;
  }

  count(byDefault: number | null): number | null {
    const given = this.values['count'];
    if (given === undefined || given === null) return byDefault;
    const count = this.whole('count', 1);
    if (count === 0) throw new ControlError('"count" must be at least 1, or null for a fault without end.');
    return count;
  }
}

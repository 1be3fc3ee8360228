export const frameFaultKinds = ['gap', 'duplicate', 'corrupt', 'truncate', 'stall', 'delay', 'reorder'] as const;
export const socketFaultKinds = ['drop', 'half-open'] as const;
export const restFaultKinds = [
  'rate-limit',
  'ban',
  'bad-gateway',
  'unavailable',
  'unexpected',
  'timeout',
  'truncated',
  'wrong-types',
  'huge',
  'garbage',
  'empty',
  'reply-lost',
  'reply-cut',
  'slow',
  'hold',
] as const;

/** Whom a standing fault befalls. */
interface Victims {
  /** A pattern of the frame's text, or of a call's query and body; `*` stands for any text. */
  readonly content: string;
  /** How many it still takes; null is without end. */
  readonly count: number | null;
  /** Of those that match, the share that is taken: above 0, at most 1. */
  readonly probability: number;
  /** Decides which ones are taken. */
  readonly seed: string;
}

/** A fault of data on a socket. Kinds: see `docs/SIMULATOR.md`. */
export interface FrameFault extends Victims {
  readonly kind: (typeof frameFaultKinds)[number];
  /** Streams it applies to; `*` stands for any text. */
  readonly stream: string;
  /** For duplicate: how often the frame comes in all. */
  readonly times: number;
  /** For delay: how late it comes. For reorder: how long it waits for frames to come before it. */
  readonly delayMs: number;
  /** For reorder: how many frames of its stream come before it. */
  readonly behind: number;
}

/** A fault of REST calls: when they are carried out, if they are, and what is answered. Kinds: see `docs/SIMULATOR.md`. */
export interface RestFault extends Victims {
  readonly kind: (typeof restFaultKinds)[number];
  /** Paths it applies to; `*` stands for any text. */
  readonly path: string;
  /** Null is every method. */
  readonly method: string | null;
  /** Whether the call is carried out, whatever is answered. */
  readonly executes: boolean;
  /** How long the call waits before it is carried out. */
  readonly delayBeforeMs: number;
  /** How long the answer is held back afterwards. */
  readonly delayMs: number;
  /** Where the call waits until it is released through the control endpoint. */
  readonly holdAt: 'before' | 'after' | null;
  /** For rate-limit and ban: what Retry-After says. */
  readonly retryAfterSeconds: number;
}

/** A fault of whole sockets, which happens at once. */
export interface SocketFault {
  readonly kind: (typeof socketFaultKinds)[number];
  /** Sockets with a stream like this; `*` is every socket, subscribed or not. */
  readonly stream: string;
}

export type Fault = FrameFault | RestFault | SocketFault;

export function isRestFault(fault: Fault): fault is RestFault {
  return 'path' in fault;
}

export function isSocketFault(fault: Fault): fault is SocketFault {
  return !('count' in fault);
}

/** True where the text matches a pattern in which `*` stands for any text. */
export function matches(pattern: string, text: string): boolean {
  if (pattern === '*') return true;
  const escaped = pattern.split('*').map((part) => part.replace(/[.+?^${}()|[\]\\]/g, String.raw`\$&`));
  return new RegExp(`^${escaped.join('.*')}$`, 's').test(text);
}

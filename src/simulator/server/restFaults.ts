import { setTimeout as pause } from 'node:timers/promises';
import type { RestFault } from '../control/fault';
import type { HeldCalls } from '../control/heldCalls';
import { replyOf } from './faultyReplies';
import type { Wire, WireRequest, WireResponse } from './wire';

/** Where the answer to a call goes. */
export interface Reply {
  send(answer: WireResponse): void;
  /** Cuts the connection without a word. */
  cut(): void;
}

/** Carries a call out as a fault lets it, and answers what the fault says, when it says so. */
export async function answerWithFault(options: {
  readonly fault: RestFault;
  readonly request: WireRequest;
  readonly words: Wire['words'];
  readonly heldCalls: HeldCalls;
  /** Carries the call out. */
  readonly respond: () => WireResponse;
  readonly reply: Reply;
}): Promise<void> {
  const { fault, request, heldCalls, reply } = options;
  const mayGoOn = async (at: 'before' | 'after'): Promise<boolean> => {
    const delayMs = at === 'before' ? fault.delayBeforeMs : fault.delayMs;
    if (delayMs > 0) await pause(delayMs, undefined, { ref: false });
    return fault.holdAt !== at || (await heldCalls.hold(request, at)) === 'released';
  };
  if (!(await mayGoOn('before'))) {
    reply.cut();
    return;
  }
  const answer = fault.executes ? options.respond() : null;
  const isGoingOn = await mayGoOn('after');
  if (!isGoingOn || fault.kind === 'reply-cut') reply.cut();
  else if (fault.kind !== 'reply-lost') reply.send(replyOf(fault, options.words, answer));
}

import { compareDecimals } from './compareDecimals';
import type { DecimalString } from './decimal';
import { difference, quotient, sum } from './money';
import { nextPhase, reportedEvent, type OrderPhase, type PhaseEvent } from './orderPhases';
import type { ReportedStatus } from './orders';

const zero = '0' as DecimalString;

/** What the order path keeps of an order's course. Amounts in base units, cost in quote units. */
export interface OrderState {
  readonly phase: OrderPhase;
  /** Grows by one with every change. */
  readonly version: number;
  /** Which sending of this order is meant: 1, and one more for every edit. Each has a client order id of its own. */
  readonly attempt: number;
  /** Of the whole order, all attempts together. Null where it was asked for by a quote amount: then only the exchange's word closes it. */
  readonly amount: DecimalString | null;
  /** Executed, all attempts together: never shrinks, never above `amount`. */
  readonly filled: DecimalString;
  /** Executed beyond `amount`. Not zero only after a fault (OVER_FILLED); the account holds it none the less. */
  readonly overfilled: DecimalString;
  /** Of everything executed, what is beyond the amount included. */
  readonly cost: DecimalString;
  /** What the current attempt has still to fill at the exchange. Null where `amount` is. */
  readonly attemptRemaining: DecimalString | null;
}

/**
 * One piece of news. `attempt` is that of the client order id which the news names; older attempts can only still add fills.
 * A FILL is given once for each trade id (the ledger's unique key decides); everything else may come again and in any order.
 *   CLAIMED            the sender took it and records SENDING before it sends
 *   OUTCOME_UNKNOWN    time-out, 5xx, an answer that cannot be read, or a crash while SENDING
 *   REFUSED            the exchange said that it does not have the order and never will
 *   PROVEN_NOT_PLACED  the proof of the resolver: it cannot be there any more
 *   CANCEL_FAILED      the exchange did not cancel and still has it open
 *   REPLACED           of an edit, in one step: the exchange confirmed that the edited attempt is canceled, and the next one is claimed.
 *                      Where no replacement may follow (a halt, nothing left of the amount), REPORTED CANCELED ends the order instead.
 */
export type OrderEvent =
  | {
      readonly type: 'CLAIMED' | 'OUTCOME_UNKNOWN' | 'REFUSED' | 'PROVEN_NOT_PLACED' | 'CANCEL_FAILED';
      readonly attempt: number;
    }
  | { readonly type: 'CANCEL_REQUESTED' | 'EDIT_REQUESTED' }
  /** amount: of the whole order as edited, above what is filled. attempt: the new one. */
  | { readonly type: 'REPLACED'; readonly attempt: number; readonly amount: DecimalString }
  | { readonly type: 'REPORTED'; readonly attempt: number; readonly status: ReportedStatus }
  /** amount: base units, above 0. cost: quote units. */
  | { readonly type: 'FILL'; readonly attempt: number; readonly amount: DecimalString; readonly cost: DecimalString };

/**
 * News that was applied and must be looked at:
 *   LATE_FILL    executed after the order had ended, or by an attempt that had been replaced
 *   OVER_FILLED  more was executed than was asked for
 *   NEVER_SENT   the exchange has something that we have no record of sending
 */
export type OrderFlag = 'LATE_FILL' | 'OVER_FILLED' | 'NEVER_SENT';

export type OrderStep =
  | { readonly kind: 'applied'; readonly state: OrderState; readonly flags: readonly OrderFlag[] }
  /** Legal and nothing new: a repeat, or older news than what is known. */
  | { readonly kind: 'unchanged'; readonly state: OrderState }
  /** For the caller to audit and to throw. Never a fill. */
  | { readonly kind: 'illegal'; readonly state: OrderState; readonly reason: string };

/** An order as it is stored before anything is sent. */
export function pendingOrder(amount: DecimalString | null): OrderState {
  return {
    phase: 'PENDING',
    version: 1,
    attempt: 1,
    amount,
    filled: zero,
    overfilled: zero,
    cost: zero,
    attemptRemaining: amount,
  };
}

/** Null where the amount is not known before the exchange has executed it. */
export function remainingOf(state: OrderState): DecimalString | null {
  return state.amount === null ? null : difference(state.amount, state.filled);
}

/** Quote units a base unit over all fills; null while there is none. */
export function averageOf(state: OrderState): DecimalString | null {
  const executed = sum(state.filled, state.overfilled);
  return executed === zero ? null : quotient(state.cost, executed);
}

/** The order after a piece of news. Throws RangeError for a fill that is no fill (amount not above 0, negative cost). */
export function applyOrderEvent(state: OrderState, event: OrderEvent): OrderStep {
  switch (event.type) {
    case 'FILL':
      return applyFill(state, event);
    case 'REPLACED':
      return applyReplacement(state, event);
    case 'CANCEL_REQUESTED':
    case 'EDIT_REQUESTED':
      return applyStep(state, event.type);
    case 'REPORTED':
      return applyOfAttempt(state, event.attempt, reportedEvent(event.status));
    case 'CLAIMED':
    case 'OUTCOME_UNKNOWN':
    case 'REFUSED':
    case 'PROVEN_NOT_PLACED':
    case 'CANCEL_FAILED':
      return applyOfAttempt(state, event.attempt, event.type);
  }
}

function applyOfAttempt(state: OrderState, attempt: number, event: PhaseEvent): OrderStep {
  if (attempt > state.attempt) {
    return { kind: 'illegal', state, reason: `${event} of attempt ${attempt} in attempt ${state.attempt}` };
  }
  if (attempt === state.attempt) return applyStep(state, event);
  // A replaced attempt has nothing more to say but its fills; a sender that still claims it is one too many.
  return event === 'CLAIMED' ? illegal(state, event) : { kind: 'unchanged', state };
}

function applyStep(state: OrderState, event: PhaseEvent): OrderStep {
  const step = nextPhase(state.phase, event);
  if (step.kind === 'illegal') return illegal(state, event);
  const phase = openPhase(step.phase, state.filled);
  if (phase === state.phase) return { kind: 'unchanged', state };
  const wasNeverSent = state.phase === 'PENDING' && event.startsWith('REPORTED_');
  return {
    kind: 'applied',
    state: { ...state, phase, version: state.version + 1 },
    flags: wasNeverSent ? ['NEVER_SENT'] : [],
  };
}

function applyReplacement(state: OrderState, event: Extract<OrderEvent, { type: 'REPLACED' }>): OrderStep {
  const step = nextPhase(state.phase, event.type);
  if (step.kind === 'illegal') return illegal(state, event.type);
  if (event.attempt !== state.attempt + 1) {
    return { kind: 'illegal', state, reason: `attempt ${event.attempt} after attempt ${state.attempt}` };
  }
  if (compareDecimals(event.amount, sum(state.filled, state.overfilled)) <= 0) {
    return { kind: 'illegal', state, reason: `REPLACED with ${event.amount}, of which nothing is left` };
  }
  const { attempt, amount } = event;
  const attemptRemaining = difference(amount, state.filled);
  return {
    kind: 'applied',
    state: { ...state, phase: step.phase, version: state.version + 1, attempt, amount, attemptRemaining },
    flags: [],
  };
}

function applyFill(state: OrderState, fill: Extract<OrderEvent, { type: 'FILL' }>): OrderStep {
  if (compareDecimals(fill.amount, zero) <= 0 || compareDecimals(fill.cost, zero) < 0) {
    throw new RangeError(`a fill of ${fill.amount} for ${fill.cost}`);
  }
  const isCurrent = fill.attempt === state.attempt;
  const attemptRemaining =
    isCurrent && state.attemptRemaining !== null
      ? atLeastZero(difference(state.attemptRemaining, fill.amount))
      : state.attemptRemaining;
  // A fill of another attempt proves nothing of the current one, which may stand at the exchange in full.
  const step = nextPhase(state.phase, attemptRemaining === zero ? 'FILLED_WHOLLY' : 'FILLED_IN_PART');
  if (step.kind === 'illegal') return illegal(state, step.event);
  const figures = withFill(state, fill);
  const phase = isCurrent ? step.phase : openPhase(state.phase, figures.filled);
  const flags: OrderFlag[] = [];
  if (step.isLateFill || fill.attempt < state.attempt) flags.push('LATE_FILL');
  if (figures.overfilled !== state.overfilled) flags.push('OVER_FILLED');
  if (state.phase === 'PENDING' || fill.attempt > state.attempt) flags.push('NEVER_SENT');
  return {
    kind: 'applied',
    state: { ...state, ...figures, phase, attemptRemaining, version: state.version + 1 },
    flags,
  };
}

function withFill(
  state: OrderState,
  fill: { readonly amount: DecimalString; readonly cost: DecimalString },
): Pick<OrderState, 'filled' | 'overfilled' | 'cost'> {
  const cost = sum(state.cost, fill.cost);
  const remaining = remainingOf(state);
  if (remaining === null || compareDecimals(fill.amount, remaining) <= 0) {
    return { cost, filled: sum(state.filled, fill.amount), overfilled: state.overfilled };
  }
  return {
    cost,
    filled: sum(state.filled, remaining),
    overfilled: sum(state.overfilled, difference(fill.amount, remaining)),
  };
}

function openPhase(phase: OrderPhase, filled: DecimalString): OrderPhase {
  return phase === 'OPEN' && compareDecimals(filled, zero) > 0 ? 'PARTIALLY_FILLED' : phase;
}

function atLeastZero(amount: DecimalString): DecimalString {
  return amount.startsWith('-') ? zero : amount;
}

function illegal(state: OrderState, event: PhaseEvent): OrderStep {
  return { kind: 'illegal', state, reason: `${event} in ${state.phase}` };
}

import type { ReportedStatus } from './orders';

/** The steps of an order's life, as `Order.history` shows them. */
export const orderPhases = [
  'PENDING',
  'SENDING',
  'OPEN',
  'PARTIALLY_FILLED',
  'CANCELING',
  'EDITING',
  'UNKNOWN',
  'CLOSED',
  'CANCELED',
  'EXPIRED',
  'REJECTED',
  'NOT_PLACED',
] as const;
export type OrderPhase = (typeof orderPhases)[number];

/** ccxt's five, plus PENDING (stored, not yet sent) and UNKNOWN (sent, outcome not proven; never guessed). */
export const orderStatuses = ['PENDING', 'OPEN', 'CLOSED', 'CANCELED', 'EXPIRED', 'REJECTED', 'UNKNOWN'] as const;
export type OrderStatus = (typeof orderStatuses)[number];

const statuses: Readonly<Record<OrderPhase, OrderStatus>> = {
  PENDING: 'PENDING',
  SENDING: 'PENDING',
  OPEN: 'OPEN',
  PARTIALLY_FILLED: 'OPEN',
  CANCELING: 'OPEN',
  EDITING: 'OPEN',
  UNKNOWN: 'UNKNOWN',
  CLOSED: 'CLOSED',
  CANCELED: 'CANCELED',
  EXPIRED: 'EXPIRED',
  REJECTED: 'REJECTED',
  NOT_PLACED: 'REJECTED',
};

export function statusOf(phase: OrderPhase): OrderStatus {
  return statuses[phase];
}

/** What moves an order, without its figures. */
export const phaseEvents = [
  // What we do.
  'CLAIMED',
  'CANCEL_REQUESTED',
  'EDIT_REQUESTED',
  'REPLACED',
  // What came of it.
  'OUTCOME_UNKNOWN',
  'REFUSED',
  'PROVEN_NOT_PLACED',
  'CANCEL_FAILED',
  // What the exchange says of the order.
  'REPORTED_OPEN',
  'REPORTED_CLOSED',
  'REPORTED_CANCELED',
  'REPORTED_EXPIRED',
  'REPORTED_REJECTED',
  // What was executed.
  'FILLED_IN_PART',
  'FILLED_WHOLLY',
] as const;
export type PhaseEvent = (typeof phaseEvents)[number];

type PhaseRow = Readonly<Partial<Record<PhaseEvent, OrderPhase>>>;

/** Whatever an exchange confirms of an order that is, or may be, there. */
const confirmed = {
  REPORTED_OPEN: 'OPEN',
  REPORTED_CLOSED: 'CLOSED',
  REPORTED_CANCELED: 'CANCELED',
  REPORTED_EXPIRED: 'EXPIRED',
  REPORTED_REJECTED: 'REJECTED',
  FILLED_IN_PART: 'PARTIALLY_FILLED',
  FILLED_WHOLLY: 'CLOSED',
} as const satisfies PhaseRow;

/** An order that the exchange has: our late time-out, or a failed cancel told twice, says nothing new. */
function live(phase: OrderPhase, row: PhaseRow): PhaseRow {
  return { ...confirmed, REPORTED_OPEN: phase, OUTCOME_UNKNOWN: phase, CANCEL_FAILED: phase, ...row };
}

/** An order that has ended: it absorbs its own news again, whatever we still ask of it, and every fill. */
function ended(phase: OrderPhase, row: PhaseRow): PhaseRow {
  return {
    CANCEL_REQUESTED: phase,
    CANCEL_FAILED: phase,
    OUTCOME_UNKNOWN: phase,
    FILLED_IN_PART: phase,
    FILLED_WHOLLY: phase,
    ...row,
  };
}

/**
 * Every legal step of an order; what is not here is illegal.
 * PENDING adopts what the exchange says although we have no record of having sent it (a database that lost its last commits):
 * sent again it would be doubled. A request to cancel leaves SENDING and UNKNOWN as they are: the caller remembers it.
 * UNKNOWN ends by the exchange's word or by the proof that it was never placed; nothing else, and no time limit.
 * REPORTED_OPEN after an end is older news, but contradicts REJECTED and NOT_PLACED, which say that there was no order.
 */
export const phaseTable: Readonly<Record<OrderPhase, PhaseRow>> = {
  PENDING: { ...confirmed, CLAIMED: 'SENDING', CANCEL_REQUESTED: 'CANCELED' },
  SENDING: {
    ...confirmed,
    OUTCOME_UNKNOWN: 'UNKNOWN',
    REFUSED: 'REJECTED',
    CANCEL_REQUESTED: 'SENDING',
    CANCEL_FAILED: 'SENDING',
  },
  UNKNOWN: {
    ...confirmed,
    OUTCOME_UNKNOWN: 'UNKNOWN',
    REFUSED: 'REJECTED',
    PROVEN_NOT_PLACED: 'NOT_PLACED',
    CANCEL_REQUESTED: 'UNKNOWN',
    CANCEL_FAILED: 'UNKNOWN',
  },
  OPEN: live('OPEN', { CANCEL_REQUESTED: 'CANCELING', EDIT_REQUESTED: 'EDITING' }),
  PARTIALLY_FILLED: live('PARTIALLY_FILLED', { CANCEL_REQUESTED: 'CANCELING', EDIT_REQUESTED: 'EDITING' }),
  CANCELING: live('CANCELING', {
    CANCEL_REQUESTED: 'CANCELING',
    CANCEL_FAILED: 'OPEN',
    FILLED_IN_PART: 'CANCELING',
  }),
  EDITING: live('EDITING', {
    REPLACED: 'SENDING',
    CANCEL_REQUESTED: 'CANCELING',
    CANCEL_FAILED: 'OPEN',
    FILLED_IN_PART: 'EDITING',
  }),
  CLOSED: ended('CLOSED', { REPORTED_OPEN: 'CLOSED', REPORTED_CLOSED: 'CLOSED' }),
  CANCELED: ended('CANCELED', { REPORTED_OPEN: 'CANCELED', REPORTED_CANCELED: 'CANCELED' }),
  EXPIRED: ended('EXPIRED', { REPORTED_OPEN: 'EXPIRED', REPORTED_EXPIRED: 'EXPIRED' }),
  REJECTED: ended('REJECTED', { REFUSED: 'REJECTED', PROVEN_NOT_PLACED: 'REJECTED', REPORTED_REJECTED: 'REJECTED' }),
  NOT_PLACED: ended('NOT_PLACED', {
    REFUSED: 'NOT_PLACED',
    PROVEN_NOT_PLACED: 'NOT_PLACED',
    REPORTED_REJECTED: 'NOT_PLACED',
  }),
};

const terminalPhases: ReadonlySet<OrderPhase> = new Set(['CLOSED', 'CANCELED', 'EXPIRED', 'REJECTED', 'NOT_PLACED']);

/** True of a phase that no event leaves. */
export function isTerminal(phase: OrderPhase): boolean {
  return terminalPhases.has(phase);
}

/**
 * isLateFill: the order had ended otherwise than by being filled, and yet something was executed. It counts, and someone must look.
 * An illegal step is for the caller to audit and to throw; the order stays as it is.
 */
export type PhaseStep =
  | { readonly kind: 'legal'; readonly phase: OrderPhase; readonly isLateFill: boolean }
  | { readonly kind: 'illegal'; readonly phase: OrderPhase; readonly event: PhaseEvent };

/** The phase after an event. OPEN stands for PARTIALLY_FILLED as well; which of the two is a matter of what was filled. */
export function nextPhase(phase: OrderPhase, event: PhaseEvent): PhaseStep {
  const next = phaseTable[phase][event];
  if (next === undefined) return { kind: 'illegal', phase, event };
  const isFill = event === 'FILLED_IN_PART' || event === 'FILLED_WHOLLY';
  return { kind: 'legal', phase: next, isLateFill: isFill && isTerminal(phase) && phase !== 'CLOSED' };
}

export function reportedEvent(status: ReportedStatus): PhaseEvent {
  return `REPORTED_${status}`;
}

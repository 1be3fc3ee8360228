import type { OrderPhase } from '../../src/domain/orderPhases';

const exchangeStates = ['OPEN', 'PARTIALLY_FILLED', 'CLOSED', 'CANCELED', 'EXPIRED', 'REJECTED'] as const;

/** From the design, not from the table under test: which phase may follow which. */
export const legalMoves: Readonly<Record<OrderPhase, readonly OrderPhase[]>> = {
  PENDING: ['SENDING', ...exchangeStates],
  SENDING: [...exchangeStates, 'UNKNOWN'],
  UNKNOWN: [...exchangeStates, 'NOT_PLACED'],
  OPEN: ['PARTIALLY_FILLED', 'CLOSED', 'CANCELED', 'EXPIRED', 'REJECTED', 'CANCELING', 'EDITING'],
  PARTIALLY_FILLED: ['CLOSED', 'CANCELED', 'EXPIRED', 'REJECTED', 'CANCELING', 'EDITING'],
  CANCELING: exchangeStates,
  EDITING: [...exchangeStates, 'SENDING', 'CANCELING'],
  CLOSED: [],
  CANCELED: [],
  EXPIRED: [],
  REJECTED: [],
  NOT_PLACED: [],
};

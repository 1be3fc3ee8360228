import {
  isTerminal,
  nextPhase,
  orderPhases,
  phaseEvents,
  phaseTable,
  statusOf,
  type OrderPhase,
  type PhaseEvent,
} from '../../src/domain/orderPhases';
import { legalMoves } from './legalMoves';

const exchangeWords = phaseEvents.filter((event) => event.startsWith('REPORTED_') || event.startsWith('FILLED_'));
const ends = ['CLOSED', 'CANCELED', 'EXPIRED', 'REJECTED', 'NOT_PLACED'] as const;

function phaseAfter(phase: OrderPhase, event: PhaseEvent): OrderPhase | 'illegal' {
  const step = nextPhase(phase, event);
  return step.kind === 'legal' ? step.phase : 'illegal';
}

describe('the phases of an order', () => {
  it.each([
    ['PENDING', 'PENDING'],
    ['SENDING', 'PENDING'],
    ['OPEN', 'OPEN'],
    ['PARTIALLY_FILLED', 'OPEN'],
    ['CANCELING', 'OPEN'],
    ['EDITING', 'OPEN'],
    ['UNKNOWN', 'UNKNOWN'],
    ['CLOSED', 'CLOSED'],
    ['CANCELED', 'CANCELED'],
    ['EXPIRED', 'EXPIRED'],
    ['REJECTED', 'REJECTED'],
    ['NOT_PLACED', 'REJECTED'],
  ] as const)('shows %s as %s', (phase, status) => {
    expect(statusOf(phase)).toBe(status);
  });

  it('moves only as the design allows, and everywhere that it allows', () => {
    const moves = Object.fromEntries(
      orderPhases.map((phase) => [phase, new Set(Object.values(phaseTable[phase]).filter((next) => next !== phase))]),
    );
    // OPEN of the table is PARTIALLY_FILLED where something was filled.
    for (const phase of ['CANCELING', 'EDITING'] as const) moves[phase]!.add('PARTIALLY_FILLED');
    for (const phase of orderPhases) {
      expect({ phase, next: [...moves[phase]!].sort() }).toEqual({ phase, next: [...legalMoves[phase]].sort() });
    }
  });

  it('is left by no event once it is an end', () => {
    expect(orderPhases.filter(isTerminal)).toEqual(ends);
    for (const phase of ends) {
      for (const event of phaseEvents) expect([phase, 'illegal']).toContain(phaseAfter(phase, event));
    }
  });

  it('takes a fill in every phase, and calls it late after every end but being filled', () => {
    for (const phase of orderPhases) {
      for (const event of ['FILLED_IN_PART', 'FILLED_WHOLLY'] as const) {
        const isLateFill = isTerminal(phase) && phase !== 'CLOSED';
        expect(nextPhase(phase, event)).toMatchObject({ kind: 'legal', isLateFill });
      }
    }
  });

  it('leaves UNKNOWN only by the word of the exchange or the proof that nothing was placed', () => {
    const leaving = phaseEvents.filter((event) => !['UNKNOWN', 'illegal'].includes(phaseAfter('UNKNOWN', event)));
    expect(leaving).toEqual(['REFUSED', 'PROVEN_NOT_PLACED', ...exchangeWords]);
  });

  it('is claimed once: every other sender is refused', () => {
    expect(orderPhases.filter((phase) => phaseAfter(phase, 'CLAIMED') !== 'illegal')).toEqual(['PENDING']);
  });

  it('is proven not placed only from UNKNOWN, or where that is known already', () => {
    const legal = orderPhases.filter((phase) => phaseAfter(phase, 'PROVEN_NOT_PLACED') !== 'illegal');
    expect(legal).toEqual(['UNKNOWN', 'REJECTED', 'NOT_PLACED']);
  });

  it.each(['REJECTED', 'NOT_PLACED'] as const)('takes an order that exists for a contradiction of %s', (phase) => {
    expect(phaseAfter(phase, 'REPORTED_OPEN')).toBe('illegal');
    expect(phaseAfter(phase, 'REPORTED_CLOSED')).toBe('illegal');
  });
});

import fc from 'fast-check';
import type { DecimalString } from '../../src/domain/decimal';
import { isTerminal, statusOf } from '../../src/domain/orderPhases';
import {
  applyOrderEvent,
  averageOf,
  pendingOrder,
  remainingOf,
  type OrderEvent,
  type OrderFlag,
  type OrderState,
} from '../../src/domain/orderState';
import { reportedStatuses, type ReportedStatus } from '../../src/domain/orders';
import { legalMoves } from './legalMoves';

const sequences = Number(process.env['ORDER_SEQUENCES'] ?? 10_000);
jest.setTimeout(60_000 + sequences * 6);

const decimal = (text: string) => text as DecimalString;
/** Exact, in units of 1e-8; written here so that the arithmetic under test is not its own witness. */
const units = (text: string): bigint => {
  const [whole, fraction = ''] = text.split('.');
  return BigInt(`${whole}${fraction.padEnd(8, '0')}`);
};
const text = (value: bigint): DecimalString => {
  const digits = value.toString().padStart(9, '0');
  return decimal(`${digits.slice(0, -8)}.${digits.slice(-8)}`.replace(/\.?0+$/, ''));
};

interface Course {
  readonly state: OrderState;
  readonly flags: readonly OrderFlag[];
  readonly illegal: readonly string[];
}

/** As the order path does it: what is illegal leaves the order as it is. */
function play(state: OrderState, events: readonly OrderEvent[]): Course {
  const flags: OrderFlag[] = [];
  const illegal: string[] = [];
  let current = state;
  for (const event of events) {
    const step = applyOrderEvent(current, event);
    if (step.kind === 'illegal') illegal.push(step.reason);
    if (step.kind === 'applied') flags.push(...step.flags);
    expectLawful(current, event, step.state);
    current = step.state;
  }
  return { state: current, flags, illegal };
}

function expectLawful(before: OrderState, event: OrderEvent, after: OrderState): void {
  const broken = [
    after.phase !== before.phase && !legalMoves[before.phase].includes(after.phase) && 'an illegal move',
    after.version !== before.version + (after === before ? 0 : 1) && 'a version that does not count changes',
    units(after.filled) < units(before.filled) && 'filled shrank',
    after.amount !== null && units(after.filled) > units(after.amount) && 'filled above the amount',
    units(after.cost) < units(before.cost) && 'cost shrank',
    isTerminal(before.phase) && after.phase !== before.phase && 'an end that was left',
    event.type === 'FILL' && after === before && 'a fill that was dropped',
    event.type !== 'FILL' && after.cost !== before.cost && 'cost without a fill',
    after.amount !== null &&
      units(after.filled) + units(remainingOf(after)!) !== units(after.amount) &&
      'filled and remaining that do not make the amount',
  ].filter((problem) => problem !== false);
  if (broken.length > 0) throw new Error(JSON.stringify({ broken, before, event, after }));
}

const claimed: OrderEvent = { type: 'CLAIMED', attempt: 1 };
const fillOf = (amount: string, attempt = 1, cost = amount): OrderEvent => ({
  type: 'FILL',
  attempt,
  amount: decimal(amount),
  cost: decimal(cost),
});
const reported = (status: ReportedStatus, attempt = 1): OrderEvent => ({ type: 'REPORTED', attempt, status });

const attempt = fc.integer({ min: 1, max: 3 });
const size = fc.bigInt({ min: 1n, max: 3_000_000_000n });
const anyEvent: fc.Arbitrary<OrderEvent> = fc.oneof(
  fc.record({
    type: fc.constantFrom('CLAIMED', 'OUTCOME_UNKNOWN', 'REFUSED', 'PROVEN_NOT_PLACED', 'CANCEL_FAILED'),
    attempt,
  }),
  fc.record({ type: fc.constantFrom('CANCEL_REQUESTED', 'EDIT_REQUESTED') }),
  fc.record({ type: fc.constant('REPLACED'), attempt, amount: size.map(text) }),
  fc.record({ type: fc.constant('REPORTED'), attempt, status: fc.constantFrom(...reportedStatuses) }),
  fc.record({ type: fc.constant('FILL'), attempt, amount: size.map(text), cost: size.map(text) }),
);

const fillTotal = (events: readonly OrderEvent[], field: 'amount' | 'cost') =>
  events.reduce((total, event) => (event.type === 'FILL' ? total + units(event[field]) : total), 0n);

describe('an order under any news', () => {
  it('makes no illegal move and loses nothing that was executed', () => {
    fc.assert(
      fc.property(fc.option(size), fc.boolean(), fc.array(anyEvent, { maxLength: 40 }), (amount, isSent, news) => {
        const events = isSent ? [claimed, ...news] : news;
        const { state } = play(pendingOrder(amount === null ? null : text(amount)), events);
        expect(units(state.filled) + units(state.overfilled)).toBe(fillTotal(events, 'amount'));
        expect(units(state.cost)).toBe(fillTotal(events, 'cost'));
      }),
      { numRuns: sequences },
    );
  });
});

/** What really happened to an order at its exchange, and every piece of news of it. */
interface Truth {
  readonly amount: bigint;
  readonly opening: readonly OrderEvent[];
  readonly news: readonly OrderEvent[];
  readonly end: ReportedStatus;
  readonly executed: bigint;
}

const truth: fc.Arbitrary<Truth> = fc
  .record({
    parts: fc.array(size, { minLength: 1, maxLength: 6 }),
    end: fc.constantFrom('CLOSED', 'CANCELED', 'EXPIRED', 'REJECTED'),
    isEdited: fc.boolean(),
    earlier: fc.array(size, { maxLength: 3 }),
    isCanceledByUs: fc.boolean(),
  })
  .map(({ parts, end, isEdited, earlier, isCanceledByUs }) => {
    const last = isEdited ? 2 : 1;
    const fills = end === 'CLOSED' ? parts : parts.slice(1);
    const before = isEdited ? earlier : [];
    const total = (sizes: readonly bigint[]) => sizes.reduce((sum, part) => sum + part, 0n);
    const amount = total(parts) + total(before);
    const earlierFills = before.map((part) => fillOf(text(part), 1));
    return {
      amount,
      opening: isEdited
        ? [
            claimed,
            reported('OPEN'),
            ...earlierFills,
            { type: 'EDIT_REQUESTED' as const },
            { type: 'REPLACED' as const, attempt: 2, amount: text(amount) },
          ]
        : [claimed],
      news: [
        ...fills.map((part) => fillOf(text(part), last)),
        reported('OPEN', last),
        reported(end, last),
        { type: 'OUTCOME_UNKNOWN' as const, attempt: last },
        ...(isEdited ? [reported('OPEN', 1), reported('CANCELED', 1)] : []),
        ...(isCanceledByUs ? [{ type: 'CANCEL_REQUESTED' as const }] : []),
      ],
      end,
      executed: total(fills) + total(before),
    };
  });

/** The news in any order, any of it several times; the ledger lets each trade through once. */
const shuffled = truth.chain((real) =>
  fc.record({
    real: fc.constant(real),
    order: fc.shuffledSubarray([...real.news], { minLength: real.news.length }),
    repeats: fc.array(fc.nat({ max: real.news.length - 1 }), { maxLength: 12 }),
    places: fc.array(fc.nat({ max: 30 }), { minLength: 12, maxLength: 12 }),
  }),
);

describe('an order whose news comes in any order and several times', () => {
  it('ends as it ended at the exchange, with exactly what was executed, and nothing is called illegal', () => {
    fc.assert(
      fc.property(shuffled, ({ real, order, repeats, places }) => {
        const news = [...order];
        repeats.forEach((index, turn) => news.splice(places[turn]! % (news.length + 1), 0, real.news[index]!));
        const seen = new Set<OrderEvent>();
        const delivered = news.filter((event) => {
          const isRepeatedFill = event.type === 'FILL' && seen.has(event);
          seen.add(event);
          return !isRepeatedFill;
        });
        const { state, illegal } = play(pendingOrder(text(real.amount)), [...real.opening, ...delivered]);
        // Told of a rejection first, the older "it is open" contradicts it, and is the one thing to be called so.
        if (real.end === 'REJECTED')
          expect(illegal.filter((reason) => reason !== 'REPORTED_OPEN in REJECTED')).toEqual([]);
        else expect(illegal).toEqual([]);
        expect(state.phase).toBe(real.end);
        expect(units(state.filled)).toBe(real.executed);
        expect(state.overfilled).toBe('0');
      }),
      { numRuns: sequences },
    );
  });
});

describe('an order', () => {
  const ten = pendingOrder(decimal('10'));

  it('counts what was executed and at what price on average', () => {
    const { state } = play(ten, [claimed, fillOf('2.5', 1, '250'), reported('OPEN'), fillOf('0.5', 1, '56')]);
    expect(state).toMatchObject({ phase: 'PARTIALLY_FILLED', filled: '3', cost: '306', version: 4 });
    expect(remainingOf(state)).toBe('7');
    expect(averageOf(state)).toBe('102');
    expect(statusOf(state.phase)).toBe('OPEN');
  });

  it('is open again, with what it has, when the exchange would not cancel it', () => {
    const failed: OrderEvent = { type: 'CANCEL_FAILED', attempt: 1 };
    const canceling: OrderEvent[] = [claimed, reported('OPEN'), { type: 'CANCEL_REQUESTED' }];
    expect(play(ten, [...canceling, failed]).state.phase).toBe('OPEN');
    expect(play(ten, [...canceling, fillOf('1'), failed]).state.phase).toBe('PARTIALLY_FILLED');
  });

  it('asked for by a quote amount is closed by the exchange alone', () => {
    const { state } = play(pendingOrder(null), [claimed, fillOf('3'), fillOf('4')]);
    expect(state).toMatchObject({ phase: 'PARTIALLY_FILLED', filled: '7', overfilled: '0' });
    expect(remainingOf(state)).toBeNull();
    expect(play(state, [reported('CLOSED')]).state.phase).toBe('CLOSED');
  });

  it('takes a fill after its end and says that it is late', () => {
    const { state, flags } = play(ten, [claimed, reported('CANCELED'), fillOf('4')]);
    expect(state).toMatchObject({ phase: 'CANCELED', filled: '4' });
    expect(flags).toEqual(['LATE_FILL']);
  });

  it('takes the fills that follow the news of being closed without a flag', () => {
    const { state, flags } = play(ten, [claimed, reported('CLOSED'), fillOf('4'), fillOf('6')]);
    expect(state).toMatchObject({ phase: 'CLOSED', filled: '10' });
    expect(flags).toEqual([]);
  });

  it('keeps what was executed beyond its amount apart', () => {
    const { state, flags } = play(ten, [claimed, fillOf('9'), fillOf('3', 1, '6')]);
    expect(state).toMatchObject({ phase: 'CLOSED', filled: '10', overfilled: '2', cost: '15' });
    expect(flags).toEqual(['OVER_FILLED']);
    expect(averageOf(state)).toBe('1.25');
  });

  it('that was never sent, as far as we know, is not sent again once the exchange tells of it', () => {
    for (const news of [reported('OPEN'), fillOf('1')]) {
      const { state, flags } = play(ten, [news]);
      expect(flags).toEqual(['NEVER_SENT']);
      expect(play(state, [claimed]).illegal).toHaveLength(1);
    }
  });

  describe('that was edited', () => {
    const edited = play(ten, [
      claimed,
      fillOf('4'),
      { type: 'EDIT_REQUESTED' },
      { type: 'REPLACED', attempt: 2, amount: decimal('12') },
    ]).state;

    it('is sent as a new attempt for what is left', () => {
      expect(edited).toMatchObject({ phase: 'SENDING', attempt: 2, amount: '12', filled: '4', attemptRemaining: '8' });
    });

    it('hears nothing more of the attempt before', () => {
      expect(play(edited, [reported('CANCELED', 1), reported('CLOSED', 1)]).state).toBe(edited);
    });

    it('is not closed by late fills of the attempt before, whose replacement still stands', () => {
      const { state, flags } = play(edited, [fillOf('6', 1), reported('OPEN', 2), fillOf('2', 2)]);
      expect(flags).toEqual(['LATE_FILL']);
      expect(state).toMatchObject({ phase: 'PARTIALLY_FILLED', filled: '12', attemptRemaining: '6' });
      expect(play(state, [fillOf('6', 2)]).state).toMatchObject({ phase: 'CLOSED', filled: '12', overfilled: '6' });
    });

    it('is not proven to be placed by late fills of the attempt before', () => {
      expect(play(edited, [fillOf('1', 1)]).state).toMatchObject({
        phase: 'SENDING',
        filled: '5',
        attemptRemaining: '8',
      });
      const unknown = play(edited, [{ type: 'OUTCOME_UNKNOWN', attempt: 2 }]).state;
      expect(play(unknown, [fillOf('1', 1)]).state).toMatchObject({ phase: 'UNKNOWN', filled: '5' });
    });

    it('is not replaced where nothing would be left, nor out of turn', () => {
      const editing = play(ten, [claimed, fillOf('4'), { type: 'EDIT_REQUESTED' }]).state;
      expect(play(editing, [{ type: 'REPLACED', attempt: 2, amount: decimal('4') }]).illegal).toHaveLength(1);
      expect(play(editing, [{ type: 'REPLACED', attempt: 3, amount: decimal('9') }]).illegal).toHaveLength(1);
    });
  });

  it('refuses a fill of nothing', () => {
    expect(() => applyOrderEvent(ten, fillOf('0'))).toThrow(RangeError);
    expect(() => applyOrderEvent(ten, fillOf('1', 1, '-1'))).toThrow(RangeError);
  });
});

import fc from 'fast-check';
import { MatchingEngine, type Execution, type NewOrder } from '../../src/simulator/engine/matchingEngine';

let lastId = 0;
function order(
  side: 'BUY' | 'SELL',
  priceTicks: number | null,
  lots: number,
  timeInForce: NewOrder['timeInForce'] = 'GTC',
) {
  lastId += 1;
  return { id: lastId, side, priceTicks, lots, timeInForce } satisfies NewOrder;
}

describe('the matching engine', () => {
  it('serves the best price first and, at one price, who came first', () => {
    const engine = new MatchingEngine();
    const early = order('SELL', 101, 5);
    const late = order('SELL', 101, 5);
    const best = order('SELL', 100, 2);
    for (const maker of [early, late, best]) engine.place(maker);

    const { fills } = engine.place(order('BUY', 101, 9));

    expect(fills.map((fill) => [fill.makerOrderId, fill.priceTicks, fill.lots])).toEqual([
      [best.id, 100, 2],
      [early.id, 101, 5],
      [late.id, 101, 2],
    ]);
    expect(engine.side('SELL').top(5)).toEqual([[101, 3]]);
  });

  it('trades at the price of the order that waited', () => {
    const engine = new MatchingEngine();
    engine.place(order('BUY', 100, 1));
    expect(engine.place(order('SELL', 90, 1)).fills[0]?.priceTicks).toBe(100);
  });

  it('lets the rest of a limit order wait and drops the rest of an IOC and of a market order', () => {
    const engine = new MatchingEngine();
    engine.place(order('SELL', 100, 1));
    expect(engine.place(order('BUY', 100, 3))).toMatchObject({ remainingLots: 2, isResting: true });
    expect(engine.place(order('SELL', 100, 5, 'IOC'))).toMatchObject({ remainingLots: 3, isResting: false });
    expect(engine.place(order('BUY', null, 5))).toMatchObject({ fills: [], remainingLots: 5, isResting: false });
    expect(engine.side('BUY').levelCount() + engine.side('SELL').levelCount()).toBe(0);
  });

  it('fills a FOK order whole or leaves the book untouched', () => {
    const engine = new MatchingEngine();
    engine.place(order('SELL', 100, 3));
    engine.place(order('SELL', 105, 3));
    expect(engine.place(order('BUY', 104, 4, 'FOK'))).toEqual({
      fills: [],
      remainingLots: 4,
      isResting: false,
      levels: [],
    });
    expect(engine.side('SELL').top(5)).toEqual([
      [100, 3],
      [105, 3],
    ]);
    expect(engine.place(order('BUY', 105, 4, 'FOK')).remainingLots).toBe(0);
  });

  it('keeps the place in the queue of an order that was partly filled', () => {
    const engine = new MatchingEngine();
    const first = order('BUY', 100, 5);
    engine.place(first);
    engine.place(order('BUY', 100, 5));
    engine.place(order('SELL', 100, 2));
    expect(engine.place(order('SELL', 100, 3)).fills).toMatchObject([
      { makerOrderId: first.id, makerRemainingLots: 0 },
    ]);
  });

  it('takes an order out once, and never one that has been filled', () => {
    const engine = new MatchingEngine();
    const resting = order('BUY', 100, 5);
    engine.place(resting);
    expect(engine.cancel(resting.id)).toMatchObject({ remainingLots: 5, level: { priceTicks: 100, lots: 0 } });
    expect(engine.cancel(resting.id)).toBeNull();
    const filled = order('BUY', 100, 1);
    engine.place(filled);
    engine.place(order('SELL', 100, 1));
    expect(engine.cancel(filled.id)).toBeNull();
  });

  it('refuses an id that is in the book and an amount that is not whole', () => {
    const engine = new MatchingEngine();
    const resting = order('BUY', 100, 5);
    engine.place(resting);
    expect(() => engine.place(resting)).toThrow('taken');
    expect(() => engine.place(order('BUY', 100, 0.5))).toThrow(RangeError);
  });

  it('never crosses, never loses a lot, and tells every level that changed, whatever is done', () => {
    const action = fc.record({
      isCancel: fc.boolean(),
      side: fc.constantFrom('BUY' as const, 'SELL' as const),
      priceTicks: fc.option(fc.integer({ min: 95, max: 105 })),
      lots: fc.integer({ min: 1, max: 20 }),
      timeInForce: fc.constantFrom('GTC' as const, 'IOC' as const, 'FOK' as const),
      pick: fc.nat(1000),
    });
    fc.assert(
      fc.property(fc.array(action, { maxLength: 120 }), (actions) => {
        const engine = new MatchingEngine();
        const told = new Map<string, number>();
        const ids: number[] = [];
        let expected = 0;
        for (const { isCancel, pick, ...wanted } of actions) {
          if (isCancel && ids.length > 0) {
            const gone = engine.cancel(ids[pick % ids.length]!);
            expected -= gone?.remainingLots ?? 0;
            if (gone !== null) told.set(`${gone.level.side}${gone.level.priceTicks}`, gone.level.lots);
          } else {
            const placed = { id: ids.length + 1, ...wanted };
            ids.push(placed.id);
            const execution = engine.place(placed);
            expected += lotsAdded(execution);
            for (const level of execution.levels) told.set(`${level.side}${level.priceTicks}`, level.lots);
          }
          const bid = engine.side('BUY').bestTicks();
          const ask = engine.side('SELL').bestTicks();
          expect(bid === null || ask === null || bid < ask).toBe(true);
        }
        const book = (['BUY', 'SELL'] as const).flatMap((side) =>
          engine
            .side(side)
            .top(100)
            .map(([ticks, lots]) => [`${side}${ticks}`, lots] as const),
        );
        expect(book.reduce((sum, [, lots]) => sum + lots, 0)).toBe(expected);
        expect(new Map([...told].filter(([, lots]) => lots > 0))).toEqual(new Map(book));
      }),
      { numRuns: 300 },
    );
  });
});

/** What an execution adds to the book: the rest that waits, less what it took from others. */
function lotsAdded(execution: Execution): number {
  const taken = execution.fills.reduce((sum, fill) => sum + fill.lots, 0);
  return (execution.isResting ? execution.remainingLots : 0) - taken;
}

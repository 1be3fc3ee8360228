import fc from 'fast-check';
import { PaperDay, type DayKind } from './paperDay';
import { dayEvents } from './paperDayEvents';

const days = Number(process.env['PAPER_DAYS'] ?? 200);
jest.setTimeout(60_000 + days * 500);

const kinds: readonly DayKind[] = ['SPOT', 'ONE_WAY', 'HEDGE'];

/**
 * A day is some hundred events of a market and of an account in it, at random; an independent book-keeper in whole numbers
 * follows it from what the port answers and tells, and fails the day at the first thing that cannot be.
 */
it(`keeps the books over ${String(days)} random days: nothing appears, nothing is lost, and nothing is filled that could not be`, async () => {
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...kinds), dayEvents, async (kind, events) => {
      const day = await PaperDay.open(kind);
      for (const event of events) await day.play(event);
      await day.end();
    }),
    { numRuns: days, endOnFailure: true },
  );
});

it('has days in which everything happens', async () => {
  const seen = new Set<string>();
  const sample = fc.sample(fc.tuple(fc.constantFrom(...kinds), dayEvents), { numRuns: 60, seed: 7 });
  for (const [kind, events] of sample) {
    const day = await PaperDay.open(kind);
    for (const event of events) await day.play(event);
    await day.end();
    for (const what of day.seen) seen.add(what);
  }
  expect([...seen].toSorted()).toEqual([
    'CANCELED',
    'CLOSED',
    'EXPIRED',
    'FUNDING',
    'OPEN',
    'liquidated',
    'maker',
    'refused INSUFFICIENT_BALANCE',
    'refused MARKET_CLOSED',
    'refused REDUCE_ONLY_REFUSED',
    'refused WOULD_TAKE',
    'refused WOULD_TRIGGER',
    'taker',
    'triggered',
  ]);
});

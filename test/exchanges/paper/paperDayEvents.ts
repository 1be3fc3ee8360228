import fc from 'fast-check';
import { orderTypes, timesInForce } from '../../../src/domain/orders';

/** Prices count in ticks of 1 from the middle of the market; amounts in tenths. */
export type DayEvent =
  | { readonly kind: 'book'; readonly move: number; readonly spread: number; readonly sizes: readonly number[] }
  | {
      readonly kind: 'trade';
      readonly offset: number;
      readonly tenths: number;
      readonly side: 'BUY' | 'SELL';
      /** How long before it is told it happened, and was received. */
      readonly lateMs: number;
    }
  | {
      readonly kind: 'order';
      readonly type: (typeof orderTypes)[number];
      readonly side: 'BUY' | 'SELL';
      readonly tenths: number;
      readonly isQuote: boolean;
      readonly offset: number;
      readonly triggerOffset: number;
      readonly trailingPercent: number;
      readonly timeInForce: (typeof timesInForce)[number];
      readonly positionSide: 'LONG' | 'SHORT';
      readonly reduceOnly: boolean;
    }
  | { readonly kind: 'cancel'; readonly which: number }
  | { readonly kind: 'stale' }
  | { readonly kind: 'mark'; readonly offset: number }
  | { readonly kind: 'funding'; readonly permille: number }
  | { readonly kind: 'bar' };

const tick = (from: number, to: number) => fc.integer({ min: from, max: to });

const book = fc.record({
  kind: fc.constant('book' as const),
  // Mostly small steps, now and then a jump.
  move: fc.oneof({ weight: 8, arbitrary: tick(-2, 2) }, { weight: 1, arbitrary: tick(-15, 15) }),
  spread: tick(1, 3),
  sizes: fc.array(fc.constantFrom(1, 2, 5, 20), { minLength: 1, maxLength: 5 }),
});

const trade = fc.record({
  kind: fc.constant('trade' as const),
  offset: tick(-6, 6),
  tenths: tick(1, 40),
  side: fc.constantFrom('BUY' as const, 'SELL' as const),
  lateMs: fc.constantFrom(0, 0, 0, 1, 3, 20),
});

const order = fc.record({
  kind: fc.constant('order' as const),
  type: fc.constantFrom(...orderTypes, 'LIMIT' as const, 'LIMIT' as const, 'MARKET' as const),
  side: fc.constantFrom('BUY' as const, 'SELL' as const),
  tenths: fc.oneof({ weight: 6, arbitrary: tick(1, 60) }, { weight: 1, arbitrary: tick(100, 2_000) }),
  isQuote: fc.boolean(),
  offset: tick(-6, 6),
  triggerOffset: tick(-8, 8),
  trailingPercent: tick(1, 9),
  timeInForce: fc.constantFrom('GTC' as const, 'GTC' as const, ...timesInForce),
  positionSide: fc.constantFrom('LONG' as const, 'SHORT' as const),
  reduceOnly: fc.constantFrom(false, false, true),
});

const event: fc.Arbitrary<DayEvent> = fc.oneof(
  { weight: 30, arbitrary: book },
  { weight: 30, arbitrary: trade },
  { weight: 25, arbitrary: order },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('cancel' as const), which: tick(0, 50) }) },
  { weight: 2, arbitrary: fc.constant({ kind: 'stale' as const }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('mark' as const), offset: tick(-10, 10) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('funding' as const), permille: tick(-5, 5) }) },
  { weight: 6, arbitrary: fc.constant({ kind: 'bar' as const }) },
);

export const dayEvents = fc.array(event, { minLength: 40, maxLength: 160, size: 'max' });

import fc from 'fast-check';
import { OperationsById } from '../../src/server/operationsById';
import { PlainOperation } from '../../src/server/plainOperation';

const id = fc.constantFrom('', 'a', 'b', 'c');
const step = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('set' as const), id }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('delete' as const), id }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('clear' as const), id }) },
);

describe('the operations of a socket', () => {
  it('are found by their ids as in a Map, whatever began and ended before', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
        const operations = new OperationsById();
        const expected = new Map<string, PlainOperation>();
        for (const { kind, id: about } of steps) {
          const operation = new PlainOperation(null, () => undefined);
          if (kind === 'set') {
            operations.set(about, operation);
            expected.set(about, operation);
          } else if (kind === 'delete') {
            operations.delete(about);
            expected.delete(about);
          } else {
            operations.clear();
            expected.clear();
          }
          expect(operations.size).toBe(expected.size);
          for (const asked of ['', 'a', 'b', 'c', 'd']) {
            expect(operations.get(asked)).toBe(expected.get(asked));
            expect(operations.has(asked)).toBe(expected.has(asked));
          }
          expect(new Set(operations.list())).toEqual(new Set(expected.values()));
        }
      }),
    );
  });
});

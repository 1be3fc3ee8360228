import { parse } from 'graphql';
import { buildMainSchema } from '../../src/graphql/buildSchemas';
import { assessCost } from '../../src/security/documentCost';
import { mainTable } from '../../src/security/permissions';

const document = parse('query ($r: TimeRange) { candles(market: "a:B", timeframe: M1, range: $r) { open } }');

describe('a variable that is wrong in many places', () => {
  it('is quoted a few times, not once for each place: that would take the square of its size', () => {
    let readings = 0;
    const wrong = Object.fromEntries(Array.from({ length: 500 }, (_, index) => [`k${index}`, 1]));
    const counted = new Proxy(wrong, {
      ownKeys: (target) => {
        readings += 1;
        return Reflect.ownKeys(target);
      },
    });
    const schema = buildMainSchema();
    const question = { schema, table: mainTable, document, operationName: null, limit: 5_000 };
    expect(() => assessCost({ ...question, variables: { r: counted } })).toThrow(
      expect.objectContaining({ code: 'BAD_USER_INPUT' }) as Error,
    );
    expect(readings).toBeLessThan(20);
  });
});

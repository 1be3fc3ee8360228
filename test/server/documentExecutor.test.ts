import fc from 'fast-check';
import { execute, parse, validate } from 'graphql';
import { buildMainSchema } from '../../src/graphql/buildSchemas';
import { DocumentExecutor } from '../../src/server/documentExecutor';
import { makeBook, makeCandle, makeTicker, makeTrade } from '../kit/fakeExchange';
import { streamRequests } from '../kit/streamDocuments';

/** More than it takes until a document is compiled. */
const executions = 60;

const schema = buildMainSchema();
const times = { exchangeTime: null, receivedTime: 1 };
const meta = { kind: 'UPDATE', seq: '2', at: 1, cursor: 'c2', reason: 'é \u2028 💹 \ud800' };
/** One for all of the streams: each reads what is its own. */
const event = {
  meta,
  ...makeBook('fake', { bids: [['1', '2']], asks: [], nonce: 'é' }),
  tickers: [makeTicker('fake', { last: '1' })],
  trades: [makeTrade('fake', 1), makeTrade('fake', 2)],
  timeframe: 'M1',
  candle: makeCandle(60_000, '1'),
  ...times,
};
const broken = {
  ...event,
  meta: { ...meta, kind: 'NONSENSE', seq: null },
  nonce: { not: 'text' },
  tickers: [{ ...event.tickers[0], last: 5 }, null],
  trades: 'none',
  candle: null,
};

describe('a document that runs on', () => {
  it('is answered as graphql-js answers it, before and after it is compiled, errors included', () => {
    const valid = streamRequests.filter(({ query }) => isValid(query));
    fc.assert(
      fc.property(valid, fc.constantFrom(event, broken), ({ query, variables }, rootValue) => {
        const args = { document: parse(query), variableValues: { ...variables }, contextValue: {}, rootValue };
        const expected = execute({ schema, ...args });
        const executor = new DocumentExecutor(schema);
        for (let done = 0; done < executions; done += 1) {
          expect(JSON.stringify(executor.execute(args))).toBe(JSON.stringify(expected));
        }
      }),
      { numRuns: 150 },
    );
  });
});

function isValid(query: string): boolean {
  try {
    const document = parse(query);
    return query.includes('subscription') && validate(schema, document).length === 0;
  } catch {
    return false;
  }
}

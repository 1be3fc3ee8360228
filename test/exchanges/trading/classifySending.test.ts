import { classifySending } from '../../../src/exchanges/trading/classifySending';

it('keeps of an answer of any length what a line of the log can hold', () => {
  const answer = { status: 502, code: null, message: 'y'.repeat(1_000_000) };
  const trace = { requests: 1, answer, isUnconnected: false };
  const outcome = classifySending(new Error('z'.repeat(1_000_000)), {
    trace: trace as never,
    rules: [],
    ccxt: {} as never,
  });
  const reason = outcome.kind === 'unknown' ? outcome.reason : '';
  expect(reason).toMatch(/^Error: z{200} \(HTTP 502 y+\)$/);
  expect(reason.length).toBeLessThan(500);
});

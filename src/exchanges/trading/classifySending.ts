import type { CcxtModule } from '../ccxtTypes';
import type { RefusalCode, SendOutcome } from '../tradingPort';
import type { CallTrace, RestAnswer } from './callTrace';
import { NotSent } from './refineForTrading';
import type { RefusalRule } from './refusalRule';

/** Errors of ccxt's own checks, before anything is sent. First match counts. */
const localRefusals = [
  ['InvalidOrder', 'MARKET_RULE_VIOLATED'],
  ['BadSymbol', 'MARKET_CLOSED'],
  ['AuthenticationError', 'NOT_PERMITTED'],
  ['RateLimitExceeded', 'EXCHANGE_RATE_LIMITED'],
] as const satisfies readonly (readonly [keyof CcxtModule, RefusalCode])[];

/** What is to be thought of an order whose sending has failed: refused only where that excludes that the exchange has it. */
export function classifySending(
  error: unknown,
  context: { readonly trace: CallTrace; readonly rules: readonly RefusalRule[]; readonly ccxt: CcxtModule },
): SendOutcome {
  const { trace, rules, ccxt } = context;
  if (error instanceof NotSent) return refused('EXCHANGE_RATE_LIMITED', error.message);
  if (trace.requests === 0) {
    const [, code] = localRefusals.find(([name]) => error instanceof ccxt[name]) ?? [];
    return refused(code ?? 'EXCHANGE_REFUSED', describeFailure(error));
  }
  if (trace.answer === null) {
    return trace.isUnconnected
      ? refused('EXCHANGE_UNREACHABLE', describeFailure(error))
      : { kind: 'unknown', reason: describeFailure(error) };
  }
  const code = refusalIn(trace.answer, rules);
  return code === null
    ? { kind: 'unknown', reason: `${describeFailure(error)} (${describeAnswer(trace.answer)})` }
    : refused(code, describeAnswer(trace.answer));
}

/** The refusal that an answer states; null where it may mean anything. A server that failed (5xx) has refused nothing. */
export function refusalIn(answer: RestAnswer, rules: readonly RefusalRule[]): RefusalCode | null {
  const { status, code, message } = answer;
  if (status === 418 || status === 429) return 'EXCHANGE_RATE_LIMITED';
  if (status >= 500 || code === null) return null;
  const rule = rules.find(({ codes, message: words }) => {
    if (words !== undefined && !words.test(message ?? '')) return false;
    return typeof codes === 'string' ? codes === code : isBetween(code, codes);
  });
  return rule?.refusal ?? null;
}

/** What is kept of somebody else's words. */
const maxKept = 200;
/** Far more than what is kept of it: addresses, which are left out, are long. */
const maxWords = 10_000;

/** One line without addresses: ccxt's messages hold the request, signature included. */
export function describeFailure(error: unknown): string {
  if (!(error instanceof Error)) return 'a failure that is no error';
  // Of an answer of many megabytes the beginning: the whole of it is more than a regular expression can take.
  const words = error.message.slice(0, maxWords).replace(/\?\S*/g, '?…').replaceAll(/\s+/g, ' ').slice(0, maxKept);
  return `${error.name}: ${words}`;
}

function describeAnswer({ status, code, message }: RestAnswer): string {
  return [`HTTP ${status}`, code, message]
    .filter((part) => part !== null)
    .join(' ')
    .slice(0, maxKept);
}

function isBetween(code: string, [first, last]: readonly [number, number]): boolean {
  if (!/^-?\d{1,9}$/.test(code)) return false;
  const number = Number.parseInt(code, 10);
  return number >= Math.min(first, last) && number <= Math.max(first, last);
}

function refused(code: RefusalCode, message: string): SendOutcome {
  return { kind: 'refused', code, message };
}

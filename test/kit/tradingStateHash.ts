import { createHash } from 'node:crypto';

/** What an audit entry says of a trading state, as docs/AUDIT.md describes it: computed apart from the code that writes it. */
export function tradingStateHash(state: {
  readonly tradingState: string;
  readonly tradingStateReason: string | null;
}): string {
  const named = [
    ['tradingState', state.tradingState],
    ['tradingStateReason', state.tradingStateReason],
  ];
  return createHash('sha256').update(JSON.stringify(named)).digest('hex');
}

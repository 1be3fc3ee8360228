import { timeframeMs } from '../../domain/marketData';
import { MexcError } from './mexcError';

const { M1, H1, D1, W1 } = timeframeMs;

/** Candle lengths by MEXC's two names for them, REST's and the socket's. A month is refused like an unknown one: it is not kept. */
const intervals: readonly { readonly rest: string; readonly socket: string; readonly lengthMs: number }[] = [
  { rest: '1m', socket: 'Min1', lengthMs: M1 },
  { rest: '5m', socket: 'Min5', lengthMs: 5 * M1 },
  { rest: '15m', socket: 'Min15', lengthMs: 15 * M1 },
  { rest: '30m', socket: 'Min30', lengthMs: 30 * M1 },
  { rest: '60m', socket: 'Min60', lengthMs: H1 },
  { rest: '4h', socket: 'Hour4', lengthMs: 4 * H1 },
  { rest: '8h', socket: 'Hour8', lengthMs: 8 * H1 },
  { rest: '1d', socket: 'Day1', lengthMs: D1 },
  { rest: '1W', socket: 'Week1', lengthMs: W1 },
];

/** Length in ms of a candle that REST names. Throws MexcError for a name that is not served. */
export function restIntervalMs(name: string): number {
  const found = intervals.find(({ rest }) => rest === name);
  if (found === undefined) throw MexcError.invalidInterval();
  return found.lengthMs;
}

/** Length in ms of a candle that a channel names, or null for a name that is not served. */
export function socketIntervalMs(name: string): number | null {
  return intervals.find(({ socket }) => socket === name)?.lengthMs ?? null;
}

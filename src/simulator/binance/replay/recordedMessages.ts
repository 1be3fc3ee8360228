import { RecordingError } from './recordingError';

/** [price, amount], as the exchange wrote them. */
export type RecordedLevel = readonly [string, string];

export interface RecordedSnapshot {
  readonly lastUpdateId: number;
  readonly bids: readonly RecordedLevel[];
  readonly asks: readonly RecordedLevel[];
}

export interface RecordedDepth {
  readonly E: number;
  readonly U: number;
  readonly u: number;
  /** Of futures alone: the `u` of the update before. */
  readonly pu?: number;
  readonly b: readonly RecordedLevel[];
  readonly a: readonly RecordedLevel[];
}

export interface RecordedTrade {
  readonly E: number;
  readonly t: number;
  readonly p: string;
  readonly q: string;
  readonly T: number;
  readonly m: boolean;
}

export interface RecordedBookTicker {
  readonly u: number;
  readonly b: string;
  readonly B: string;
  readonly a: string;
  readonly A: string;
}

/** What a recorded frame means for the market. Streams that are only passed on are `other`. */
export type RecordedMessage =
  | { readonly kind: 'depth'; readonly depth: RecordedDepth }
  | { readonly kind: 'trade'; readonly trade: RecordedTrade }
  | { readonly kind: 'bookTicker'; readonly bookTicker: RecordedBookTicker }
  | { readonly kind: 'other' };

/** Reads the data of a frame. Throws RecordingError for what is not JSON. */
export function parseMessage(stream: string, data: string): RecordedMessage {
  const message = parseJson(data, stream);
  if (/@depth(@|$)/.test(stream)) return { kind: 'depth', depth: message as unknown as RecordedDepth };
  if (stream.endsWith('@trade')) return { kind: 'trade', trade: message as unknown as RecordedTrade };
  if (stream.endsWith('@bookTicker')) {
    return { kind: 'bookTicker', bookTicker: message as unknown as RecordedBookTicker };
  }
  return { kind: 'other' };
}

export function parseSnapshot(data: string): RecordedSnapshot {
  return parseJson(data, 'a depth snapshot') as unknown as RecordedSnapshot;
}

function parseJson(data: string, what: string): Record<string, unknown> {
  try {
    return JSON.parse(data) as Record<string, unknown>;
  } catch (error) {
    throw new RecordingError(`a recorded frame of ${what} is not JSON`, error);
  }
}

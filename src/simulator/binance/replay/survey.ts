import type { MarketSpec } from '../../engine/marketSpec';
import { parseMessage, parseSnapshot, type RecordedLevel, type RecordedSnapshot } from './recordedMessages';
import { readRecording, type RecordedLine } from './recording';
import { RecordingError } from './recordingError';

/** Assets that are a quote wherever they end a symbol; longer names first. */
const quotes = ['FDUSD', 'USDT', 'USDC', 'TUSD', 'BUSD', 'BTC', 'ETH', 'BNB', 'EUR', 'GBP', 'TRY', 'BRL', 'JPY'];
const dollars = /USD/;

/** What must be known of a recording before its first line is played. */
export interface Survey {
  readonly file: string;
  /** Which of Binance's exchanges was recorded. */
  readonly exchange: 'spot' | 'usdm';
  readonly spec: MarketSpec;
  readonly streams: ReadonlySet<string>;
  readonly lineCount: number;
  /** The first depth snapshot of the recording, or null where there is none. */
  readonly snapshot: RecordedSnapshot | null;
}

/** Reads a recording once through. It must hold one market; throws RecordingError otherwise. */
export async function surveyRecording(file: string): Promise<Survey> {
  const steps = new Steps();
  const streams = new Set<string>();
  let snapshot: RecordedSnapshot | null = null;
  let lineCount = 0;
  for await (const line of readRecording(file)) {
    lineCount += 1;
    if (line.kind === 'frame') {
      streams.add(line.stream);
      steps.addFrame(line);
    } else {
      const found = parseSnapshot(line.data);
      snapshot ??= found;
      steps.addLevels([...found.bids, ...found.asks]);
    }
  }
  const symbols = [...new Set([...streams].map((stream) => stream.split('@')[0] ?? ''))];
  const [symbol] = symbols;
  if (symbol === undefined || symbols.length > 1) {
    throw new RecordingError(`${file} holds ${symbols.length} markets; a recording must hold one`);
  }
  const exchange = steps.isFutures ? 'usdm' : 'spot';
  return { file, exchange, spec: toSpec(symbol.toUpperCase(), steps), streams, lineCount, snapshot };
}

/** Finds the finest step that the recorded prices and amounts use. */
class Steps {
  priceDecimals = 0;
  amountDecimals = 0;
  /** Only futures say which update was the one before. */
  isFutures = false;

  addFrame(line: Extract<RecordedLine, { kind: 'frame' }>): void {
    const message = parseMessage(line.stream, line.data);
    if (message.kind === 'depth') {
      this.isFutures ||= message.depth.pu !== undefined;
      this.addLevels([...message.depth.b, ...message.depth.a]);
    }
    if (message.kind === 'trade') this.addLevels([[message.trade.p, message.trade.q]]);
  }

  addLevels(levels: readonly RecordedLevel[]): void {
    for (const [price, amount] of levels) {
      this.priceDecimals = Math.max(this.priceDecimals, decimalsOf(price));
      this.amountDecimals = Math.max(this.amountDecimals, decimalsOf(amount));
    }
  }
}

function decimalsOf(text: string): number {
  return text.split('.')[1]?.replace(/0+$/, '').length ?? 0;
}

function toSpec(id: string, steps: Steps): MarketSpec {
  const quote = quotes.find((candidate) => id.endsWith(candidate) && id.length > candidate.length);
  if (quote === undefined) throw new RecordingError(`the symbol ${id} ends in none of ${quotes.join(', ')}`);
  return {
    id,
    base: id.slice(0, -quote.length),
    quote,
    priceDecimals: steps.priceDecimals,
    amountDecimals: steps.amountDecimals,
    minNotional: dollars.test(quote) ? '5' : '0.0001',
    maxAmount: '9000',
  };
}

import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';
import type { EpochMs } from '../../../domain/marketData';
import type { Venue } from '../../engine/venue';
import type { Close, Sink } from '../streams/stream';
import { readRecording, type RecordedLine } from './recording';
import { RecordingError } from './recordingError';
import { ReplayMarket } from './replayMarket';
import { surveyRecording, type Survey } from './survey';

/** At full speed, lines that are played before sockets and requests get their turn. */
const linesPerTurn = 50;

export interface ReplayOptions {
  readonly files: readonly string[];
  /** 2 plays twice as fast as it was recorded; null as fast as the readers take it. */
  readonly speed: number | null;
  /** Streams that must have been subscribed to before the first line is played; where empty, any first subscription starts it. */
  readonly waitFor: readonly string[];
  readonly now: () => EpochMs;
  /** Told where a recording breaks off in the middle of the play. */
  readonly onError: (error: unknown) => void;
}

export type ReplayStatus = 'waiting' | 'playing' | 'ended' | 'failed' | 'stopped';

/** Plays recorded sockets of Binance spot or of its USD-M futures, from the first subscription on. When it has ended, sockets stay open and quiet. */
export class Replay implements Venue {
  readonly exchange: Survey['exchange'];
  readonly markets: ReadonlyMap<string, ReplayMarket>;
  readonly now: () => EpochMs;
  private readonly sinks = new Map<string, Sink>();
  private readonly recorded: ReadonlySet<string>;
  private readonly missing: Set<string>;
  private status: ReplayStatus = 'waiting';
  private linesPlayed = 0;

  private constructor(
    private readonly options: ReplayOptions,
    private readonly surveys: readonly Survey[],
  ) {
    this.now = options.now;
    const [exchange = 'spot', ...others] = new Set(surveys.map((survey) => survey.exchange));
    if (others.length > 0) throw new RecordingError('recordings of spot and of futures cannot be played together');
    this.exchange = exchange;
    this.markets = new Map(surveys.map((survey) => [survey.spec.id, new ReplayMarket(survey)]));
    this.recorded = new Set(surveys.flatMap((survey) => [...survey.streams]));
    this.missing = new Set(options.waitFor);
    if (this.markets.size < surveys.length) throw new RecordingError('two recordings hold the same market');
    const unknown = options.waitFor.find((name) => !this.recorded.has(name));
    if (unknown !== undefined) {
      throw new RecordingError(`the stream ${unknown} is not recorded; there are ${[...this.recorded].join(', ')}`);
    }
  }

  /** Reads the recordings once through, so that markets and books are known before the play. Throws RecordingError. */
  static async load(options: ReplayOptions): Promise<Replay> {
    return new Replay(options, await Promise.all(options.files.map((file) => surveyRecording(file))));
  }

  /** Opens a recorded stream, whose frames are passed on as they were recorded, or derives one that was not with `openLive`. */
  openStream(name: string, sink: Sink, openLive: (name: string, sink: Sink) => Close | null): Close | null {
    this.missing.delete(name);
    if (this.status === 'waiting' && this.missing.size === 0) {
      this.status = 'playing';
      // Its first frame comes from the disk, turns later than the client's acknowledgement.
      void this.play();
    }
    if (!this.recorded.has(name)) return openLive(name, sink);
    this.sinks.set(name, sink);
    return () => this.sinks.delete(name);
  }

  /** For the control endpoint. */
  describe(): object {
    return {
      status: this.status,
      waitingFor: [...this.missing],
      streams: [...this.recorded],
      linesPlayed: this.linesPlayed,
      linesTotal: this.surveys.reduce((sum, survey) => sum + survey.lineCount, 0),
      gaps: [...this.markets.values()].reduce((sum, market) => sum + market.gaps, 0),
    };
  }

  stop(): void {
    this.status = 'stopped';
  }

  private async play(): Promise<void> {
    try {
      const startedAt = performance.now();
      let firstMs: number | null = null;
      for await (const { line, market } of this.lines()) {
        firstMs ??= line.timeMs;
        await this.pace(line.timeMs - firstMs, startedAt);
        if (this.isStopped()) return;
        market.play(line);
        this.linesPlayed += 1;
        await this.passOn(line);
      }
      if (!this.isStopped()) this.status = 'ended';
    } catch (error) {
      this.status = 'failed';
      this.options.onError(error);
    }
  }

  /** Stopping happens while a line is awaited, which the compiler cannot see. */
  private isStopped(): boolean {
    return this.status === 'stopped';
  }

  private async pace(recordedMs: number, startedAt: number): Promise<void> {
    const { speed } = this.options;
    if (speed === null) {
      if (this.linesPlayed % linesPerTurn === 0) await nextTurn();
      return;
    }
    const waitMs = recordedMs / speed - (performance.now() - startedAt);
    if (waitMs >= 1) await sleep(waitMs, undefined, { ref: false });
  }

  private async passOn(line: RecordedLine): Promise<void> {
    if (line.kind !== 'frame') return;
    const sink = this.sinks.get(line.stream);
    if (sink === undefined) return;
    sink.emit(line.data);
    const drained = this.options.speed === null ? sink.drained() : null;
    if (drained !== null) await drained;
  }

  /** The lines of all recordings in the order of their times. */
  private async *lines(): AsyncGenerator<{ readonly line: RecordedLine; readonly market: ReplayMarket }> {
    const heads = await Promise.all(
      this.surveys.map(async (survey) => {
        const reader = readRecording(survey.file);
        return { reader, market: this.marketOf(survey), head: await reader.next() };
      }),
    );
    try {
      for (;;) {
        const next = earliest(heads);
        if (next === null) return;
        yield { line: next.line, market: next.source.market };
        next.source.head = await next.source.reader.next();
      }
    } finally {
      for (const { reader } of heads) await reader.return(undefined);
    }
  }

  private marketOf(survey: Survey): ReplayMarket {
    const market = this.markets.get(survey.spec.id);
    if (market === undefined) throw new RecordingError(`${survey.file} has no market`);
    return market;
  }
}

interface Head {
  readonly head: IteratorResult<RecordedLine, void>;
}

function earliest<H extends Head>(heads: readonly H[]): { readonly source: H; readonly line: RecordedLine } | null {
  let found: { readonly source: H; readonly line: RecordedLine } | null = null;
  for (const source of heads) {
    if (source.head.done === true) continue;
    const line = source.head.value;
    if (found === null || line.timeMs < found.line.timeMs) found = { source, line };
  }
  return found;
}

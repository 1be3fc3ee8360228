import { timeframeMs, type EpochMs } from '../../domain/marketData';
import { openTimeOf } from './candle';
import { inventHistory } from './candleHistory';
import type { SyntheticMarket } from './marketSpec';
import { OrderFlow } from './orderFlow';
import { createRandom, type Random } from './random';
import { SimulatedMarket } from './simulatedMarket';
import type { Venue } from './venue';

/** Minutes that are really traded before the first visitor comes, in simulated time. */
const warmUpMinutes = 10;
const warmUpStepsPerSecond = 8;
/** 2017-07-14, the day on which trade ids began. */
const idEpochMs = 1_500_000_000_000;

export interface SyntheticVenueOptions {
  readonly markets: readonly SyntheticMarket[];
  /** Decides the whole course of every market. */
  readonly seed: string;
  /** Steps of the invented traders a second in each market, on average. */
  readonly ratePerSecond: number;
  /** Ids of markets in which nobody trades after the start. */
  readonly quietMarkets: readonly string[];
  readonly now: () => EpochMs;
  /** Gives the price that a market follows; null, or left out, where it goes its own way. */
  readonly anchorOf?: (marketId: string) => (() => number) | null;
}

export interface SyntheticVenue extends Venue {
  readonly markets: ReadonlyMap<string, SimulatedMarket>;
  /** Lets the invented traders begin. */
  start(): void;
  stop(): void;
  /** Trades a market to a price, in ticks, at once. Its traders go on from there. */
  move(market: SimulatedMarket, priceTicks: number): void;
}

/** Builds the markets with their past; nothing moves before `start`. */
export function createSyntheticVenue(options: SyntheticVenueOptions): SyntheticVenue {
  const warmUpStart = openTimeOf(options.now(), timeframeMs.M1) - warmUpMinutes * timeframeMs.M1;
  const traders = options.markets.map((entry) => {
    const random = createRandom(`${options.seed}/${entry.spec.id}`);
    const { market, flow } = createMarket({
      entry,
      random,
      start: warmUpStart,
      now: options.now,
      anchor: options.anchorOf?.(entry.spec.id) ?? null,
    });
    warmUp({ flow, random, start: warmUpStart, end: options.now() });
    return { market, flow, random };
  });
  const active = traders.filter(({ market }) => !options.quietMarkets.includes(market.spec.id));
  const flows = new Map(traders.map(({ market, flow }) => [market, flow]));
  const runners = active.map((trader) => new FlowRunner({ ...trader, ...options }));
  return {
    markets: new Map(traders.map(({ market }) => [market.spec.id, market])),
    now: options.now,
    start: () => {
      for (const runner of runners) runner.start();
    },
    stop: () => {
      for (const runner of runners) runner.stop();
    },
    move: (market, priceTicks) => {
      flows.get(market)?.moveTo(priceTicks, options.now());
    },
  };
}

function createMarket(options: {
  readonly entry: SyntheticMarket;
  readonly random: Random;
  readonly start: EpochMs;
  readonly now: () => EpochMs;
  readonly anchor: (() => number) | null;
}): { market: SimulatedMarket; flow: OrderFlow } {
  const { entry, random, start, now, anchor } = options;
  const { spec, flow: profile } = entry;
  // Ten ids a millisecond: a simulation that is started again goes on above the ids of the one before.
  const firstTradeId = (now() - idEpochMs) * 10;
  const history = inventHistory({
    spec,
    flow: profile,
    random,
    end: start,
    endTicks: Math.round((anchor?.() ?? profile.startPrice) * 10 ** spec.priceDecimals),
    endTradeId: firstTradeId,
  });
  const market = new SimulatedMarket({ spec, history, firstTradeId, now });
  return { market, flow: new OrderFlow({ market, profile, random, anchor }) };
}

function warmUp(options: {
  readonly flow: OrderFlow;
  readonly random: Random;
  readonly start: EpochMs;
  readonly end: EpochMs;
}): void {
  let time = options.start;
  for (;;) {
    const elapsedMs = options.random.exponential(1000 / warmUpStepsPerSecond);
    time += elapsedMs;
    if (time >= options.end) return;
    options.flow.step(Math.floor(time), elapsedMs);
  }
}

/** Runs a flow in real time. */
class FlowRunner {
  private timer: NodeJS.Timeout | null = null;
  private dueAt = 0;
  private elapsedMs = 0;

  constructor(
    private readonly options: {
      readonly flow: OrderFlow;
      readonly random: Random;
      readonly ratePerSecond: number;
      readonly now: () => EpochMs;
    },
  ) {}

  start(): void {
    this.dueAt = this.options.now();
    this.draw();
    this.schedule();
  }

  stop(): void {
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = null;
  }

  private draw(): void {
    this.elapsedMs = this.options.random.exponential(1000 / this.options.ratePerSecond);
    this.dueAt += this.elapsedMs;
  }

  private schedule(): void {
    const delayMs = Math.max(0, this.dueAt - this.options.now());
    this.timer = setTimeout(() => {
      this.run();
    }, delayMs);
  }

  private run(): void {
    const now = this.options.now();
    // After a pause of the process (or a step of its clock) it goes on from here: nobody trades in the past.
    if (Math.abs(now - this.dueAt) > 5000) this.dueAt = now;
    do {
      this.options.flow.step(now, this.elapsedMs);
      this.draw();
    } while (this.dueAt <= now);
    this.schedule();
  }
}

import type { EpochMs } from '../domain/marketData';
import { BinanceWire } from './binance/binanceWire';
import { Replay } from './binance/replay/replay';
import { createDemoAccounts } from './engine/accounts/demoAccounts';
import { OrderDesk } from './engine/accounts/orderDesk';
import { syntheticMarkets } from './engine/marketSpec';
import { createRandom } from './engine/random';
import { createSyntheticVenue } from './engine/syntheticVenue';
import { MexcWire } from './mexc/mexcWire';
import { SimulatorServer } from './server/simulatorServer';
import type { Wire } from './server/wire';

export interface SimulatorOptions {
  /** 0 takes a free port. */
  readonly port: number;
  readonly weightLimitPerMinute: number;
  readonly pingIntervalMs: number;
  readonly source: SyntheticSource | ReplaySource;
  readonly now: () => EpochMs;
  /** Told of what fails while nobody waits for it. */
  readonly onError: (error: unknown) => void;
}

/** Invented traders in a real matching engine. */
export interface SyntheticSource {
  readonly kind: 'synthetic';
  readonly seed: string;
  readonly ratePerSecond: number;
  readonly quietMarkets: readonly string[];
}

/** Recorded sockets of Binance spot. */
export interface ReplaySource {
  readonly kind: 'replay';
  readonly files: readonly string[];
  readonly speed: number | null;
  readonly waitFor: readonly string[];
}

export interface Simulator {
  readonly port: number;
  stop(): Promise<void>;
}

/** What moves the markets, and the protocols that tell of it. */
interface Exchange {
  readonly wires: readonly Wire[];
  readonly describe: () => object;
  readonly start: () => void;
  readonly stop: () => void;
}

/** Builds the simulated exchange and begins to listen and to trade. Throws RecordingError for a recording that cannot be played. */
export async function startSimulator(options: SimulatorOptions): Promise<Simulator> {
  const { source } = options;
  const exchange = source.kind === 'replay' ? await playRecordings(options, source) : trade(options, source);
  const server = new SimulatorServer({ ...options, wires: exchange.wires, describe: exchange.describe });
  const port = await server.listen(options.port);
  exchange.start();
  return {
    port,
    stop: async () => {
      exchange.stop();
      await server.stop();
    },
  };
}

function trade(options: SimulatorOptions, source: SyntheticSource): Exchange {
  const { now } = options;
  const venue = createSyntheticVenue({ ...source, markets: syntheticMarkets, now });
  const accounts = createDemoAccounts(source.seed, now());
  const desk = new OrderDesk({ markets: venue.markets, random: createRandom(`${source.seed}/desk`), now });
  return {
    // Two exchanges' protocols over the same markets.
    wires: [new MexcWire(venue), new BinanceWire({ ...options, venue, privateApi: { venue, desk, accounts } })],
    describe: () => ({
      mode: 'synthetic',
      seed: source.seed,
      markets: [...venue.markets.keys()],
      accounts: accounts.map(({ identity }) => identity),
    }),
    start: () => {
      venue.start();
    },
    stop: () => {
      venue.stop();
    },
  };
}

async function playRecordings(options: SimulatorOptions, source: ReplaySource): Promise<Exchange> {
  const replay = await Replay.load({ ...source, now: options.now, onError: options.onError });
  return {
    wires: [new BinanceWire({ ...options, venue: replay, openStream: replay.openStream })],
    describe: () => ({ mode: 'replay', markets: [...replay.markets.keys()], replay: replay.describe() }),
    // The first subscription starts it.
    start: () => undefined,
    stop: () => {
      replay.stop();
    },
  };
}

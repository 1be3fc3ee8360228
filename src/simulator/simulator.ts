import type { EpochMs } from '../domain/marketData';
import { BinanceWire } from './binance/binanceWire';
import { syntheticMarkets } from './engine/marketSpec';
import { createSyntheticVenue } from './engine/syntheticVenue';
import { SimulatorServer } from './server/simulatorServer';

export interface SimulatorOptions {
  /** 0 takes a free port. */
  readonly port: number;
  readonly seed: string;
  readonly ratePerSecond: number;
  readonly quietMarkets: readonly string[];
  readonly weightLimitPerMinute: number;
  readonly pingIntervalMs: number;
  readonly now: () => EpochMs;
}

export interface Simulator {
  readonly port: number;
  stop(): Promise<void>;
}

/** Builds the simulated exchange and begins to listen and to trade. */
export async function startSimulator(options: SimulatorOptions): Promise<Simulator> {
  const venue = createSyntheticVenue({ ...options, markets: syntheticMarkets });
  const server = new SimulatorServer({
    wires: [new BinanceWire({ venue, weightLimitPerMinute: options.weightLimitPerMinute })],
    pingIntervalMs: options.pingIntervalMs,
    describe: () => ({ mode: 'synthetic', seed: options.seed, markets: [...venue.markets.keys()] }),
  });
  const port = await server.listen(options.port);
  venue.start();
  return {
    port,
    stop: async () => {
      venue.stop();
      await server.stop();
    },
  };
}

import { playRecordings } from './replayExchange';
import { SimulatorServer } from './server/simulatorServer';
import type { SimulatorOptions } from './simulatorOptions';
import { trade } from './syntheticExchange';

export interface Simulator {
  readonly port: number;
  stop(): Promise<void>;
}

/** Builds the simulated exchange and begins to listen and to trade. Throws RecordingError for a recording that cannot be played. */
export async function startSimulator(options: SimulatorOptions): Promise<Simulator> {
  const { source } = options;
  const exchange = source.kind === 'replay' ? await playRecordings(options, source) : trade(options, source);
  const server = new SimulatorServer({ ...options, ...exchange });
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

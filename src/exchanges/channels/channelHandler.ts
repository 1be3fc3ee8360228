import type { Market } from '../../domain/market';
import type { EpochMs } from '../../domain/marketData';
import type { CcxtExchange } from '../ccxtTypes';
import type { ExchangeDifferences, WatchSource } from '../exchangeDifferences';
import type { UpstreamEvent } from '../exchangePort';
import type { LoopFailure } from '../watchLoop';

export interface HandledSource extends WatchSource {
  /** One answer of the watch call. Throws BadMarketData. */
  onData(data: unknown): void;
}

/** How one kind of channel turns the answers of ccxt into events of ours. */
export interface ChannelHandler {
  readonly sources: readonly HandledSource[];
  /** Asks REST for the state now; runs at the start and after every reconnect. Rejects where the exchange does not answer. */
  refresh(): Promise<void>;
  /** The connection is lost: what comes next does not continue what came before. */
  interrupted(): void;
  failed(failure: LoopFailure): void;
  /** Lets go of timers. */
  stop(): void;
}

export interface ChannelParts {
  readonly exchange: CcxtExchange;
  readonly differences: ExchangeDifferences;
  readonly market: Market;
  readonly clock: () => EpochMs;
  readonly emit: (event: UpstreamEvent) => void;
  /** Runs a REST call of ccxt under the exchange's own limits, its failures translated. */
  readonly ask: <T>(call: () => Promise<T>) => Promise<T>;
}

import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { InProcessBus } from '../../src/bus/inProcessBus';
import type { MarketId } from '../../src/domain/market';
import { AppError } from '../../src/errors/appError';
import type { AuthorityChange } from '../../src/identity/authorityChange';
import { MarketStreams } from '../../src/streams/marketStreams';
import { createLogger } from '../../src/telemetry/logger';
import { createMetrics } from '../../src/telemetry/metrics';
import { RecordingClient } from './recordingClient';
import { TestServer, type TestServerOptions } from './testServer';

/** What documents ask for beyond this is cut to it: streams wait with real timers, and so does the test. */
const longestIntervalMs = 3;

export interface TwoPathsOptions {
  readonly marketIds: readonly string[];
  readonly publicMarketData: boolean;
}

/** One client, connected to both servers. */
export type ClientPair = readonly [shared: RecordingClient, plain: RecordingClient];

/**
 * Two servers that serve the same streams of one bus, one of them with shared execution, one without. What is done is done to
 * both, one step after the other: the next begins when nothing moves any more.
 */
export class TwoPaths {
  readonly #clients: RecordingClient[] = [];

  private constructor(
    readonly bus: InProcessBus,
    readonly servers: readonly [shared: TestServer, plain: TestServer],
    private readonly clock: { now: number },
  ) {}

  static async start({ marketIds, publicMarketData }: TwoPathsOptions): Promise<TwoPaths> {
    const bus = new InProcessBus({ logger: createLogger('silent') });
    const clock = { now: 1_000_000 };
    const streams = new MarketStreams({
      bus,
      metrics: createMetrics(),
      clock: () => clock.now,
      epoch: randomUUID(),
      assertMarket: (id) =>
        marketIds.includes(id) ? Promise.resolve(id as MarketId) : Promise.reject(new AppError('MARKET_NOT_FOUND')),
    });
    const brief = <Request extends { readonly intervalMs: number }>(request: Request): Request => ({
      ...request,
      intervalMs: Math.min(request.intervalMs, longestIntervalMs),
    });
    const options: TestServerOptions = {
      marketStreams: {
        tickers: (request) => streams.tickers(brief(request)),
        orderBook: (request) => streams.orderBook(brief(request)),
        trades: (request) => streams.trades(request),
        candles: (request) => streams.candles(request),
      },
      access: { publicMarketData },
      caps: { maxMessagesPerMinute: 1_000_000, maxSocketsPerUser: 1_000 },
      // Rates are for tests of their own: how much is left of one would depend on the courses before.
      reservations: { take: () => Promise.resolve([]) },
    };
    const shared = await TestServer.start({ ...options, sharedExecution: true });
    const plain = await TestServer.start({ ...options, sharedExecution: false });
    return new TwoPaths(bus, [shared, plain], clock);
  }

  async connect(authorization: string | null): Promise<ClientPair> {
    const [shared, plain] = this.servers;
    const pair: ClientPair = [
      await RecordingClient.open(shared.wsUrl, authorization),
      await RecordingClient.open(plain.wsUrl, authorization),
    ];
    this.#clients.push(...pair);
    return pair;
  }

  changeAuthority(change: AuthorityChange): void {
    for (const server of this.servers) server.changeAuthority(change);
  }

  /** Lets everything that was begun arrive, intervals of streams included. */
  async settle(): Promise<void> {
    await this.#settleMessages();
    this.clock.now += 60_000;
    // Timers end in the order of their times: those of the streams have ended when this one has.
    await delay(longestIntervalMs + 1);
    await this.#settleMessages();
  }

  disconnect(): void {
    for (const client of this.#clients.splice(0)) client.close();
  }

  async stop(): Promise<void> {
    this.disconnect();
    for (const server of this.servers) await server.stop();
  }

  /** Until two rounds through every socket have brought nothing new. */
  async #settleMessages(): Promise<void> {
    for (let quietRounds = 0; quietRounds < 2;) {
      const before = this.#messageCount();
      for (const client of this.#clients) await client.roundTrip();
      quietRounds = this.#messageCount() === before ? quietRounds + 1 : 0;
    }
  }

  #messageCount(): number {
    return this.#clients.reduce((sum, { messages }) => sum + messages.length, 0);
  }
}

import { randomUUID } from 'node:crypto';
import type { Bus } from './bus/bus';
import type { Config } from './config/config';
import { parseMarketId } from './domain/market';
import type { ExchangeRegistry } from './exchanges/exchangeRegistry';
import { PaperExchange } from './exchanges/paper/paperExchange';
import { createTradingPorts } from './exchanges/trading/openTradingPort';
import type { MarketData } from './feeds/marketData';
import { MarketQuotes } from './feeds/marketQuotes';
import { LivePaperMarkets } from './feeds/paperMarketSource';
import type { GraphqlServices } from './graphql/context';
import { CredentialVault } from './identity/sealing/credentialVault';
import type { KeyEncryptionKeys } from './identity/sealing/keyEncryptionKeys';
import { startAccountStreams, type AccountStreamsRoomParts } from './startAccountStreams';
import type { Storage } from './storage/storage';
import type { BackgroundRunner } from './telemetry/backgroundRunner';
import type { HealthRegistry } from './telemetry/health';
import type { Logger } from './telemetry/logger';
import type { Metrics } from './telemetry/metrics';
import { registerTradingMetrics } from './telemetry/tradingMetrics';
import { AccountApprovals } from './trading/accounts/accountApprovals';
import { AccountGrants } from './trading/accounts/accountGrants';
import { AccountPorts } from './trading/accounts/accountPorts';
import { AccountService } from './trading/accounts/accountService';
import { AccountViews } from './trading/accounts/accountViews';
import { ensureDemoAccounts } from './trading/accounts/demoAccounts';
import { KeyCheck } from './trading/accounts/keyCheck';
import { KeyWatch } from './trading/accounts/keyWatch';
import { SealedKeys } from './trading/accounts/sealedKeys';
import { OrderEstimates } from './trading/orderEstimates';
import { openTrading } from './trading/openTrading';
import { PnlDays } from './trading/pnl/pnlDays';
import { AccountEquity } from './trading/risk/accountEquity';
import { EquityMonitor } from './trading/risk/equityMonitor';
import { Flattening } from './trading/risk/flattening';
import { OrderPathFlattener } from './trading/risk/orderPathFlattener';
import { TradingStates } from './trading/risk/tradingStates';
import { TradingHealth } from './trading/tradingHealth';
import { TradingReader } from './trading/tradingReader';

export interface TradingRoomParts {
  readonly config: Config;
  readonly sealingKeys: KeyEncryptionKeys;
  /** The exchanges to connect to, the address of a simulated one filled in. */
  readonly settings: Config['exchanges'];
  readonly storage: Storage;
  readonly bus: Bus;
  readonly exchanges: ExchangeRegistry;
  readonly marketData: MarketData;
  readonly authority: AccountStreamsRoomParts['authority'];
  /** Tells of every change of what the operator has locked. */
  readonly lockdown: { subscribe(listener: () => void): () => void };
  /** Who is given a PAPER account to begin with: nobody in production. */
  readonly demoTraders: readonly string[];
  readonly clock: () => number;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly runner: BackgroundRunner;
  readonly health: HealthRegistry;
  /** What is started is pushed here, to be stopped in reverse. */
  readonly stops: (() => Promise<void>)[];
}

export type TradingServices = Pick<
  GraphqlServices,
  | 'accounts'
  | 'accountApprovals'
  | 'accountGrants'
  | 'accountStreams'
  | 'accountViews'
  | 'analystsSeeAll'
  | 'trading'
  | 'tradingReader'
  | 'orderEstimates'
  | 'tradingStates'
  | 'pnlDays'
>;

/** Levels of the book that an estimate walks: as many as an exchange gives at once. */
const estimateDepth = 500;

const demoExchange = 'simulator';

/** An exchange that is away when its paper accounts are to go on is tried again. */
const paperRetryMs = 5_000;

/** Builds the trading half by hand, and starts it: paper exchanges, the order path, the watch over risk and keys. */
export async function startTrading(parts: TradingRoomParts): Promise<TradingServices> {
  const { config, settings, storage, clock, logger, runner, stops } = parts;
  const store = storage.trading;
  const shared = { store, clock, logger, runner, schedule };
  const markets = new MarketQuotes(parts);
  const equity = new AccountEquity({ risk: storage.risk, markets, clock });
  const monitor: EquityMonitor = new EquityMonitor({
    ...shared,
    risk: storage.risk,
    equity,
    epoch: () => opened.desk.epoch,
  });
  const latestEquity = (accountId: string) => monitor.latest(accountId);
  const papers = openPapers(parts);
  for (const paper of papers.values()) stops.push(startPaper(paper, parts));

  const vault = new CredentialVault(parts.sealingKeys);
  const livePorts = createTradingPorts({ ...parts, settings, random: Math.random });
  const openLive = (account: Parameters<typeof livePorts.open>[0]) => livePorts.open(account);
  const keys = new SealedKeys({ vault, store: storage.credentials });
  const ports = new AccountPorts({
    ...shared,
    keys,
    openLive,
    openPaper: ({ exchange, accountId }) => papers.get(exchange)?.port(accountId) ?? null,
    equity: latestEquity,
  });
  const standing: TradingHealth = new TradingHealth({
    figures: storage.tradingFigures,
    clock,
    isLeading: () => opened.desk.isLeading,
  });
  parts.health.watch(() => standing.check());
  registerTradingMetrics(parts.metrics.registry, () => standing.vitals());
  const opened = openTrading({
    ...shared,
    leaderLock: (onLost) => storage.leaderLock(onLost),
    markets,
    openPort: standing.following((account) => ports.open(account)),
    equity: latestEquity,
    newId: randomUUID,
    onAlarm: (alarm) => {
      parts.metrics.tradingAlarms.inc({ kind: alarm.kind });
      logger.fatal({ alarm: 'CRITICAL', ...alarm }, 'an account needs a person');
    },
  });
  stops.push(() => opened.stop());
  monitor.start();
  stops.push(() => monitor.stop());
  const flattening = new Flattening({
    ...shared,
    risk: storage.risk,
    flattener: new OrderPathFlattener({ markets, intake: opened.intake, requests: opened.requests }),
    epoch: () => opened.desk.epoch,
  });
  flattening.start();
  stops.push(() => flattening.stop());

  const tradingStates = new TradingStates({
    store,
    risk: storage.risk,
    clock,
    equity: latestEquity,
    onFlatten: () => {
      flattening.wake();
    },
  });
  const unlisten = parts.lockdown.subscribe(() => {
    // One node tells it for all.
    if (opened.desk.isLeading) runner.run('telling accounts of a lockdown', () => tradingStates.tellAll());
  });
  stops.push(() => {
    unlisten();
    return Promise.resolve();
  });

  const check = new KeyCheck({ openLive, isTestnet: (exchange) => isTestnet(settings, exchange) });
  const watch = new KeyWatch({
    ...shared,
    credentials: storage.credentials,
    keys,
    check,
    equity: latestEquity,
    isLeading: () => opened.desk.isLeading,
  });
  watch.start();
  stops.push(() => watch.stop());

  const accounts = new AccountService({
    ...shared,
    accounts: storage.accounts,
    credentials: storage.credentials,
    places: { exchanges: settings.map(({ id }) => id), tradable: livePorts.exchanges },
    vault,
    check,
    newId: randomUUID,
    liveNeedsApproval: config.trading.liveNeedsApproval,
    currencies: (exchange) => currenciesAt(parts.marketData, exchange),
    openPaperBooks: ({ exchange, ...books }) => paperAt(papers, exchange).createAccount(books),
    closePaperBooks: async (asker, { id, exchange }) => {
      await opened.trading.cancelAllOrders(asker, { accountId: id, market: null });
      papers.get(exchange)?.forget(id);
    },
  });
  if (papers.has(demoExchange))
    await ensureDemoAccounts({
      userIds: parts.demoTraders,
      exchange: demoExchange,
      accounts: storage.accounts,
      service: accounts,
    });
  return {
    accounts,
    accountApprovals: new AccountApprovals({ approvals: storage.approvals, clock }),
    accountGrants: new AccountGrants({ store, grants: storage.grants, clock }),
    accountViews: new AccountViews({ accounts: storage.accounts, equity }),
    accountStreams: await startAccountStreams({
      ...parts,
      equity,
      analystsSeeAll: config.access.analystsSeeAll,
      reconciliationsKeptDays: config.trading.reconciliationsKeptDays,
    }),
    analystsSeeAll: config.access.analystsSeeAll,
    trading: opened.trading,
    tradingReader: new TradingReader({
      orders: storage.orders,
      trades: storage.trades,
      positions: storage.positions,
      mark: (marketId) => equity.prices(parseMarketId(marketId)?.exchange ?? '').mark(marketId),
    }),
    orderEstimates: new OrderEstimates({
      intake: opened.intake,
      orderBook: (marketId) => parts.marketData.orderBook(marketId, estimateDepth),
    }),
    tradingStates,
    pnlDays: new PnlDays({ pnl: storage.pnl, clock }),
  };
}

/** One paper exchange for each exchange of the configuration, on its live markets. */
function openPapers({
  exchanges,
  storage,
  bus,
  marketData,
  clock,
  runner,
}: TradingRoomParts): ReadonlyMap<string, PaperExchange> {
  return new Map(
    exchanges.all().map((exchange) => {
      const source = new LivePaperMarkets({ exchange, bus, marketData, clock, runner });
      return [exchange.id, new PaperExchange({ exchange: exchange.id, store: storage.paper, source, clock, runner })];
    }),
  );
}

/** Goes on with the orders of its accounts as soon as the exchange answers. Gives what ends it. */
function startPaper(paper: PaperExchange, { runner, logger }: TradingRoomParts): () => Promise<void> {
  let cancel = (): void => undefined;
  let isOver = false;
  const start = async (): Promise<void> => {
    try {
      await paper.start();
    } catch (error) {
      logger.warn({ err: error }, 'paper accounts cannot go on yet; it is tried again');
      if (!isOver) cancel = schedule(run, paperRetryMs);
    }
  };
  const run = (): void => {
    runner.run('paper start', start);
  };
  run();
  return () => {
    isOver = true;
    cancel();
    paper.close();
    return Promise.resolve();
  };
}

function schedule(task: () => void, delayMs: number): () => void {
  const timer = setTimeout(task, delayMs);
  return () => {
    clearTimeout(timer);
  };
}

function paperAt(papers: ReadonlyMap<string, PaperExchange>, exchange: string): PaperExchange {
  const paper = papers.get(exchange);
  if (paper === undefined) throw new RangeError(`${exchange} is not among the exchanges of this server`);
  return paper;
}

function isTestnet(settings: Config['exchanges'], exchange: string): boolean {
  return exchange === demoExchange || settings.some(({ id, sandbox }) => id === exchange && sandbox);
}

const mostMarkets = 10_000;

async function currenciesAt(marketData: MarketData, exchange: string): Promise<ReadonlySet<string>> {
  const markets = await marketData.markets({ exchange, first: mostMarkets });
  return new Set(markets.flatMap(({ base, quote, settle }) => [base, quote, ...(settle === null ? [] : [settle])]));
}

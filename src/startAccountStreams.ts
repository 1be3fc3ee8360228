import { randomUUID } from 'node:crypto';
import type { Bus } from './bus/bus';
import { readerWith } from './graphql/caller';
import type { AuthorityChange } from './identity/authorityChange';
import type { Storage } from './storage/storage';
import { AccountStreams, type AccountStreamsParts } from './streams/accountStreams';
import type { BackgroundRunner } from './telemetry/backgroundRunner';
import type { Logger } from './telemetry/logger';
import { AccountLog } from './trading/accountLog';
import type { AccountEquity } from './trading/risk/accountEquity';

export interface AccountStreamsRoomParts {
  readonly storage: Storage;
  readonly equity: Pick<AccountEquity, 'riskStatus'>;
  readonly bus: Bus;
  /** Tells who has lost authority, as it happens. */
  readonly authority: { subscribe(listener: (change: AuthorityChange) => void): () => void };
  readonly analystsSeeAll: boolean;
  /** For how long what comparisons with the exchange have found is kept. */
  readonly reconciliationsKeptDays: number;
  readonly clock: () => number;
  readonly logger: Logger;
  readonly runner: BackgroundRunner;
  readonly timing?: NonNullable<AccountStreamsParts['timing']>;
  /** What is started is pushed here, to be stopped in reverse. */
  readonly stops: (() => Promise<void>)[];
}

const dayMs = 86_400_000;
/** For so long who was away can come back to the streams of an account without missing anything. */
const eventsKeptMs = 7 * dayMs;
const pruneEveryMs = 3_600_000;
const pruneBatch = 1_000;

/** Starts what the streams of accounts are read by: the outboxes, the news of other nodes, and the watch over who may read. */
export async function startAccountStreams(parts: AccountStreamsRoomParts): Promise<AccountStreams> {
  const { storage, equity, bus, authority, analystsSeeAll, clock, logger, runner, timing, stops } = parts;
  const log = new AccountLog({ events: storage.accountEvents, accounts: storage.accounts, equity });
  const streams = new AccountStreams({
    log,
    bus,
    clock,
    newId: randomUUID,
    logger,
    ...(timing === undefined ? {} : { timing }),
  });
  streams.start();
  const leave = [
    storage.trading.onCommit((accountId) => {
      streams.noteCommit(accountId);
    }),
    authority.subscribe((change) => {
      if (change.kind === 'rolesChanged') streams.noteReader(readerWith(change, analystsSeeAll));
    }),
  ];
  const pruning = setInterval(() => {
    runner.run('pruning of account events', () => pruneEvents(storage, clock() - eventsKeptMs));
    runner.run('pruning of reconciliations', () =>
      pruneReconciliations(storage, clock() - parts.reconciliationsKeptDays * dayMs),
    );
  }, pruneEveryMs);
  const news = storage.accountNews({
    onAccount: (accountId) => {
      streams.noteNews(accountId);
    },
    onDoubt: () => {
      streams.noteDoubt();
    },
    runner,
    logger,
    random: Math.random,
  });
  stops.push(async () => {
    clearInterval(pruning);
    for (const stop of leave) stop();
    streams.stop();
    await news.stop();
  });
  await news.start();
  return streams;
}

async function pruneEvents(storage: Storage, before: number): Promise<void> {
  while ((await storage.accountEvents.prune(before, pruneBatch)) > 0);
}

async function pruneReconciliations(storage: Storage, before: number): Promise<void> {
  while ((await storage.accounts.pruneReconciliations(before, pruneBatch)) > 0);
}

import type { EpochMs } from '../domain/marketData';
import type { TradingPort } from '../exchanges/tradingPort';
import type { LeaderLock } from '../storage/trading/leaderLock';
import type { AccountRecord } from '../storage/trading/records';
import type { TradingStore } from '../storage/trading/tradingStore';
import type { BackgroundRunner } from '../telemetry/backgroundRunner';
import type { Logger } from '../telemetry/logger';
import type { BookingAlarm, BookingParts } from './booking';
import type { MarketFacts } from './marketFacts';
import { IntentJudge, type IntentJudgeParts } from './intentJudge';
import { OrderEdits } from './orderEdits';
import { OrderIntake } from './orderIntake';
import { OrderRequests } from './orderRequests';
import { OrderWatch } from './orderWatch';
import { Trading } from './trading';
import { TradingDesk } from './tradingDesk';

export interface OpenTradingParts {
  readonly store: TradingStore;
  readonly leaderLock: (onLost: () => void) => Pick<LeaderLock, 'tryTake' | 'release'>;
  readonly markets: MarketFacts & { readonly worthOf: BookingParts['worthOfFee'] };
  /** The way to an account's exchange. Rejects where its credentials cannot be opened: the account is then not traded. */
  readonly openPort: (account: AccountRecord) => Promise<TradingPort>;
  readonly equity: IntentJudgeParts['equity'];
  readonly clock: () => EpochMs;
  readonly newId: () => string;
  /** Runs a task after so many milliseconds; gives what prevents it. */
  readonly schedule: (task: () => void, delayMs: number) => () => void;
  readonly runner: BackgroundRunner;
  readonly logger: Logger;
  readonly onAlarm: (alarm: { readonly accountId: string } & BookingAlarm) => void;
}

/** How long who asks for an order waits for the exchange's answer before it is told what is known by then. */
const patienceMs = 5_000;

/** The parts of trading, put together: what clients ask of it, and this node's part in carrying it out. */
export interface OpenedTrading {
  readonly trading: Trading;
  readonly desk: TradingDesk;
  readonly intake: OrderIntake;
  readonly requests: OrderRequests;
  stop(): Promise<void>;
}

export function openTrading(parts: OpenTradingParts): OpenedTrading {
  const { store, markets, clock, newId, schedule } = parts;
  const worthOfFee: BookingParts['worthOfFee'] = (exchange, fee, quote) => markets.worthOf(exchange, fee, quote);
  const shared = { store, markets, clock, newId, worthOfFee };
  const desk: TradingDesk = new TradingDesk({
    ...parts,
    worthOfFee,
    lock: parts.leaderLock(() => {
      desk.lost();
    }),
  });
  const wake = (accountId: string): void => {
    desk.wake(accountId);
  };
  const isClockTrusted = (accountId: string): boolean => desk.isClockTrusted(accountId);
  const judge = new IntentJudge({ markets, clock, equity: parts.equity, isClockTrusted });
  const intake = new OrderIntake({
    ...shared,
    judge,
    onStored: (order) => {
      desk.send(order);
    },
  });
  const requests = new OrderRequests({ ...shared, onRequested: wake });
  const edits = new OrderEdits({ ...shared, judge, onRequested: wake });
  const watch = new OrderWatch({ store, schedule, patienceMs });
  desk.start();
  return {
    trading: new Trading({ store, clock, markets, intake, requests, edits, watch }),
    desk,
    intake,
    requests,
    stop: async () => {
      watch.close();
      await desk.stop();
    },
  };
}

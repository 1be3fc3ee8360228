import type { DataSource } from 'typeorm';
import { RiskStore } from '../../../src/storage/trading/riskStore';
import { Readers } from '../../../src/storage/readers';
import { TradingStore } from '../../../src/storage/trading/tradingStore';
import { BackgroundRunner } from '../../../src/telemetry/backgroundRunner';
import type { Logger } from '../../../src/telemetry/logger';
import type { Metrics } from '../../../src/telemetry/metrics';
import type { BookingAlarm } from '../../../src/trading/booking';
import { openTrading, type OpenedTrading } from '../../../src/trading/openTrading';
import { Flattening } from '../../../src/trading/risk/flattening';
import { OrderPathFlattener } from '../../../src/trading/risk/orderPathFlattener';
import { TradingStates } from '../../../src/trading/risk/tradingStates';
import type { Caller } from './accountSocket';
import type { Chance } from './chance';
import type { Leadership } from './leadership';
import type { SimulatedExchange } from './simulatedExchange';
import type { SimulatedMarkets } from './simulatedMarkets';
import type { ConnectionFate, DatabaseSide } from './simulatedPool';
import { SimulatedPort } from './simulatedPort';
import type { SimulatedTime } from './simulatedTime';
import type { Trace } from './trace';

export interface NodeParts {
  readonly name: string;
  /** Gives the node its way to the database. */
  readonly takeSeat: (side: DatabaseSide) => DataSource;
  readonly exchange: SimulatedExchange;
  readonly markets: SimulatedMarkets;
  readonly leadership: Leadership;
  readonly time: SimulatedTime;
  readonly chance: Chance;
  readonly trace: Trace;
  readonly logger: Logger;
  readonly metrics: Metrics;
  /** How far this node's clock is ahead of the exchange's. */
  readonly skewMs: number;
  /** Whether positions are closed where that is asked for. */
  readonly flattens: boolean;
  readonly isStormy: () => boolean;
  readonly onAlarm: (alarm: BookingAlarm) => void;
  readonly onDeath: () => void;
}

/** Trading as one node runs it, the real parts of it: what it hears of database, exchange, clock and chance is the simulation's. */
export class SimulatedNode implements DatabaseSide, Caller {
  readonly name: string;
  readonly opened: OpenedTrading;
  readonly states: TradingStates;
  isDead = false;
  skewMs: number;
  #port: SimulatedPort | null = null;
  #stepsLeft: number | null = null;
  #connection: { abandon(): void } | null = null;
  #leave: () => void;

  constructor(private readonly parts: NodeParts) {
    const { chance, leadership, logger, metrics, trace } = parts;
    const dataSource = parts.takeSeat(this);
    this.name = parts.name;
    this.skewMs = parts.skewMs;
    const readers = new Readers({ dataSource });
    const store = new TradingStore({ dataSource, readers });
    store.onCommit((_accountId, events) => {
      trace.write(`${this.name} committed`, events);
    });
    const runner = new BackgroundRunner({ logger, metrics });
    const shared = { store, clock: this.now, schedule: this.schedule, runner, logger, markets: parts.markets };
    this.#leave = () => undefined;
    this.opened = openTrading({
      ...shared,
      leaderLock: (onLost) => {
        const lock = leadership.lockFor(() => {
          if (!this.isDead) onLost();
        });
        this.#leave = () => {
          leadership.leave(lock.holder);
        };
        return lock;
      },
      openPort: () => {
        this.#port = new SimulatedPort({ ...parts, caller: this, chance: chance.apart('port') });
        return Promise.resolve(this.#port);
      },
      equity: () => null,
      newId: () => chance.uuid(),
      onAlarm: parts.onAlarm,
    });
    const risk = new RiskStore({ dataSource, readers });
    const flattening = new Flattening({
      ...shared,
      risk,
      flattener: new OrderPathFlattener({ ...shared, intake: this.opened.intake, requests: this.opened.requests }),
      epoch: () => this.opened.desk.epoch,
    });
    if (parts.flattens) flattening.start();
    this.states = new TradingStates({
      ...shared,
      risk,
      equity: () => null,
      onFlatten: () => {
        flattening.wake();
      },
    });
  }

  readonly now = (): number => this.parts.time.now() + this.skewMs;

  readonly schedule = (task: () => void, delayMs: number): (() => void) =>
    this.parts.time.schedule(() => {
      if (!this.isDead) task();
    }, delayMs);

  /** It dies when it has spoken so many times more with its database or its exchange, or heard from them. */
  dieWithin(steps: number | null): void {
    this.#stepsLeft = steps;
  }

  step(): void {
    if (this.#stepsLeft === null) return;
    this.#stepsLeft -= 1;
    if (this.#stepsLeft < 0) this.die();
  }

  die(): void {
    if (this.isDead) return;
    this.isDead = true;
    this.parts.trace.write(`${this.name} dies`);
    this.#port?.socket.close();
    this.#connection?.abandon();
    this.#leave();
    this.parts.onDeath();
  }

  cutSocket(): void {
    this.#port?.socket.cut();
  }

  holds(connection: { abandon(): void } | null): void {
    this.#connection = connection;
  }

  fate(): ConnectionFate {
    const { chance, isStormy } = this.parts;
    if (!isStormy()) return { openingMs: 0, breaksAt: null, isExecuted: false };
    const openingMs = chance.hits(0.7) ? 0 : chance.hits(0.9) ? chance.between(1, 10) : chance.between(10, 400);
    const breaksAt = chance.hits(0.01) ? chance.between(1, 20) : null;
    return { openingMs, breaksAt, isExecuted: chance.hits(0.5) };
  }
}

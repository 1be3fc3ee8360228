import { toDecimalString } from '../../../src/domain/decimal';
import { newAccount } from '../../../src/storage/trading/accountTable';
import type { AccountRecord } from '../../../src/storage/trading/records';
import { createLogger } from '../../../src/telemetry/logger';
import { createMetrics } from '../../../src/telemetry/metrics';
import type { BookingAlarm } from '../../../src/trading/booking';
import { Chance } from './chance';
import { findExcess, maxPositionNotional } from './exposureLimit';
import type { Lane, Seat } from './lane';
import { Leadership } from './leadership';
import { SimulatedExchange } from './simulatedExchange';
import { exchangeId, SimulatedMarkets } from './simulatedMarkets';
import { SimulatedNode } from './simulatedNode';
import { SimulatedTime } from './simulatedTime';
import { Trace } from './trace';
import { toUnits, type Units } from './units';

export const startOfTime = Date.UTC(2026, 0, 31, 12);

const logger = createLogger('silent');
const metrics = createMetrics();

/** What may be told although everything is right: executions outran an end, a clock was set, an answer took long. */
const legitimateAlarms: ReadonlySet<BookingAlarm['kind']> = new Set(['LATE_FILL', 'CLOCK_SKEWED', 'UNKNOWN_ORDER']);

/** What one seed makes: an exchange with one account, and the nodes that trade it. */
export class World {
  readonly time = new SimulatedTime(startOfTime);
  readonly chance: Chance;
  readonly trace: Trace;
  readonly exchange: SimulatedExchange;
  readonly markets: SimulatedMarkets;
  readonly leadership: Leadership;
  readonly account: AccountRecord;
  /** The account has a limit; then nobody trades beside us, whom it does not bind. */
  readonly isLimited: boolean;
  /** Coins that were there before the account was opened here. */
  readonly openingCoins: ReadonlyMap<string, Units>;
  readonly violations: string[] = [];
  readonly counts = new Map<string, number>();
  isStormy = true;
  readonly #seed: Chance;
  readonly #flattens: boolean;
  #seats: readonly { readonly node: SimulatedNode; readonly seat: Seat }[] = [];
  #opened = 0;
  #isOver = false;

  constructor(
    private readonly lane: Lane,
    seed: number,
    onLine: (line: string) => void,
  ) {
    this.#seed = new Chance(String(seed));
    this.chance = this.#seed.apart('world');
    this.trace = new Trace(this.time.now, onLine);
    this.#flattens = this.chance.hits(0.3);
    this.isLimited = this.chance.hits(0.4);
    this.openingCoins = new Map(this.chance.hits(0.5) ? [['BTC', toUnits('0.5')]] : []);
    this.account = this.#makeAccount();
    this.exchange = this.#makeExchange();
    const price = (symbol: string): Units => this.exchange.price(symbol);
    this.markets = new SimulatedMarkets({ now: this.time.now, price });
    this.leadership = new Leadership(this.time, this.apart('leadership'));
  }

  /** Those that live. */
  get nodes(): readonly SimulatedNode[] {
    return this.#seats.map(({ node }) => node);
  }

  apart(name: string): Chance {
    return this.#seed.apart(name);
  }

  count(what: string, times = 1): void {
    this.counts.set(what, (this.counts.get(what) ?? 0) + times);
  }

  /** Does nothing where as many run as may. */
  openNode(): void {
    const seat = this.lane.seats.find((free) => !this.#seats.some((used) => used.seat === free));
    if (seat === undefined || this.#isOver) return;
    this.#opened += 1;
    const name = `node ${this.#opened}`;
    this.trace.write(`${name} opens`);
    const { exchange, markets, leadership, time, trace } = this;
    const node: SimulatedNode = new SimulatedNode({
      ...{ name, exchange, markets, leadership, time, trace, logger, metrics },
      chance: this.apart(name),
      takeSeat: (side) => {
        seat.occupant = side;
        return seat.dataSource;
      },
      skewMs: this.chance.between(-400, 400),
      flattens: this.#flattens,
      isStormy: () => this.isStormy,
      onAlarm: (alarm) => {
        this.#heed(alarm);
      },
      onDeath: () => {
        this.#bury(node);
      },
    });
    this.#seats = [...this.#seats, { node, seat }];
  }

  /** Nothing goes wrong any more. */
  calm(): void {
    this.trace.write('calm');
    this.isStormy = false;
    this.markets.areFeedsDead = false;
    for (const node of this.nodes) {
      node.dieWithin(null);
      node.skewMs = 0;
    }
  }

  end(): void {
    this.#isOver = true;
    for (const node of this.nodes) node.die();
  }

  /** Whoever runs it starts it again. */
  #bury(node: SimulatedNode): void {
    this.#seats = this.#seats.filter((other) => other.node !== node);
    if (this.#isOver) return;
    this.count('deaths');
    this.time.schedule(
      () => {
        this.openNode();
      },
      this.chance.between(1, 3_000),
    );
  }

  #heed(alarm: BookingAlarm): void {
    this.trace.write('alarm', alarm);
    this.count(alarm.kind);
    if (!legitimateAlarms.has(alarm.kind)) this.violations.push(`alarm ${alarm.kind}: ${alarm.detail}`);
  }

  #makeExchange(): SimulatedExchange {
    const exchange = new SimulatedExchange(this.time.now, this.apart('exchange'), {
      paysFeesInBnb: this.chance.hits(0.3),
      longestLagMs: this.chance.oneOf([0, 500, 2_000]),
    });
    const money = [['USDT', toUnits('60000')] as const, ['BNB', toUnits('10')] as const];
    for (const [currency, units] of [...money, ...this.openingCoins]) exchange.balances.set(currency, units);
    if (!this.isLimited) return exchange;
    exchange.listen(() => {
      this.violations.push(...findExcess(exchange, this.openingCoins));
    });
    return exchange;
  }

  #makeAccount(): AccountRecord {
    const account = newAccount({
      id: this.chance.uuid(),
      ownerId: this.chance.uuid(),
      label: 'simulated',
      exchange: exchangeId,
      mode: 'LIVE',
      currency: 'USDT',
      positionMode: 'ONE_WAY',
      keyHint: null,
      createdAt: startOfTime - 1_000,
    });
    const limits = { ...account.limits, maxPositionNotional: toDecimalString(maxPositionNotional) };
    return this.isLimited ? { ...account, limits } : account;
  }
}

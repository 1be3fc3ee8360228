import type { AccountEvent, AccountUpstream } from '../../../src/exchanges/tradingPort';
import type { Chance } from './chance';
import type { Mortal } from './mortal';
import type { ExchangeNews, SimulatedExchange } from './simulatedExchange';
import type { SimulatedTime } from './simulatedTime';
import type { Trace } from './trace';

/** The node that calls: it may die with a call, and hears nothing after that. */
export interface Caller extends Mortal {
  readonly name: string;
  readonly now: () => number;
}

export interface WireParts {
  readonly caller: Caller;
  readonly exchange: SimulatedExchange;
  readonly time: SimulatedTime;
  readonly chance: Chance;
  readonly trace: Trace;
  /** False: nothing goes wrong on the way any more. */
  readonly isStormy: () => boolean;
}

/** The private stream of an account: frames come late, more than once, out of order, or not at all; and it is cut. */
export class AccountSocket {
  #listener: ((event: AccountEvent) => void) | null = null;
  #leave: () => void = () => undefined;
  #isConnected = false;
  /** When the latest frame arrives: those that keep their order come no earlier. */
  #latestAt = 0;

  constructor(private readonly parts: WireParts) {}

  open(listener: (event: AccountEvent) => void): AccountUpstream {
    this.#listener = listener;
    this.#leave = this.parts.exchange.listen((news) => {
      if (this.#isConnected) this.#carry(news);
    });
    this.#connect(this.parts.chance.between(2, 200));
    return {
      close: () => {
        this.close();
        return Promise.resolve();
      },
    };
  }

  /** What happens until it is open again is never told. */
  cut(): void {
    if (!this.#isConnected) return;
    this.#isConnected = false;
    this.#tell({ type: 'disconnected' });
    this.#connect(this.parts.chance.between(100, 6_000));
  }

  close(): void {
    this.#leave();
    this.#listener = null;
  }

  #connect(inMs: number): void {
    this.parts.time.schedule(() => {
      this.#isConnected = true;
      this.#tell({ type: 'connected' });
    }, inMs);
  }

  #carry({ report, fill }: ExchangeNews): void {
    this.#send({ type: 'order', report });
    if (fill !== null) this.#send({ type: 'fill', fill });
  }

  #send(event: AccountEvent): void {
    const { chance, time, isStormy } = this.parts;
    const isStorm = isStormy();
    if (isStorm && chance.hits(0.06)) return;
    const copies = isStorm && chance.hits(0.15) ? chance.between(2, 3) : 1;
    for (let copy = 0; copy < copies; copy += 1) {
      const isLate = isStorm && chance.hits(0.15);
      const at = isLate
        ? time.now() + chance.between(100, 3_000)
        : Math.max(this.#latestAt, time.now() + chance.between(1, 60));
      if (!isLate) this.#latestAt = at;
      time.schedule(() => {
        this.#tell(event);
      }, at - time.now());
    }
  }

  #tell(event: AccountEvent): void {
    const { caller, trace } = this.parts;
    if (caller.isDead || this.#listener === null) return;
    trace.write(`${caller.name} hears`, event);
    this.#listener(event);
  }
}

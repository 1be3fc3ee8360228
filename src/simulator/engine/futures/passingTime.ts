import type { FuturesHouse } from './futuresHouse';

const checkIntervalMs = 500;

/** Lets funding take place when it is due. */
export class PassingTime {
  private timer: NodeJS.Timeout | null = null;

  constructor(private readonly house: FuturesHouse) {}

  start(): void {
    this.timer = setInterval(() => {
      this.house.tick();
    }, checkIntervalMs);
  }

  stop(): void {
    if (this.timer !== null) clearInterval(this.timer);
  }
}

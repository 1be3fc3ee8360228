import type { BackgroundRunner } from '../../telemetry/backgroundRunner';
import type { Logger } from '../../telemetry/logger';
import type { ConnectionUrl } from '../connectionOptions';
import { NotificationListener, type ListenerTiming } from '../notificationListener';
import type { RunQuery } from '../userStanding';
import { accountChannel } from './heldEvents';

export interface AccountNewsOptions {
  /** An account has new events, or others may read it, or it is gone. */
  readonly onAccount: (accountId: string) => void;
  /** News may have been missed, of any account. Told again and again for as long as none can be heard. */
  readonly onDoubt: () => void;
  readonly runner: BackgroundRunner;
  readonly logger: Logger;
  /** 0 inclusive to 1 exclusive. */
  readonly random: () => number;
  readonly timing?: AccountNewsTiming;
}

export interface AccountNewsTiming extends ListenerTiming {
  /** Between two proofs that news are heard. */
  readonly checkMs: number;
}

const usualTiming: AccountNewsTiming = {
  checkMs: 1_000,
  answerWithinMs: 2_000,
  firstRetryMs: 200,
  longestRetryMs: 5_000,
};

/** What all nodes tell of accounts, as it is committed; heard on a connection of its own. It wakes those who read the database, and says nothing itself. */
export class AccountNews {
  readonly #listener: NotificationListener;
  readonly #timing: AccountNewsTiming;
  #check: NodeJS.Timeout | null = null;

  constructor(private readonly parts: AccountNewsOptions & { readonly url: ConnectionUrl; readonly pool: RunQuery }) {
    const { url, pool, onAccount, onDoubt, timing = usualTiming, runner, logger, random } = parts;
    this.#timing = timing;
    this.#listener = new NotificationListener({
      url,
      channel: accountChannel,
      queryElsewhere: pool,
      onNotification: onAccount,
      onUp: onDoubt,
      timing,
      runner,
      logger,
      random,
    });
  }

  /** Ends with the first attempt to listen, be it good or bad. */
  async start(): Promise<void> {
    await this.#listener.start();
    this.#check = setInterval(() => {
      this.parts.runner.run('account news', async () => {
        await this.#listener.check();
        if (!this.#listener.isUp) this.parts.onDoubt();
      });
    }, this.#timing.checkMs);
  }

  async stop(): Promise<void> {
    if (this.#check !== null) clearInterval(this.#check);
    await this.#listener.stop();
  }
}

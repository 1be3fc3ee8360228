import { accountTable } from '../../../src/storage/trading/accountTable';
import type { Ask } from '../faults/compareBooks';
import { findViolations } from './invariants';
import type { Lane } from './lane';
import { SimulatedClient } from './simulatedClient';
import { raiseStorm, stormMs } from './storm';
import { startOfTime, World } from './world';

export interface SimulationResult {
  readonly seed: number;
  /** Of everything that happened, in order, and of what the database says at the end. */
  readonly digest: string;
  readonly violations: readonly string[];
  /** How often phases were reached, nodes died, and the like. */
  readonly counts: ReadonlyMap<string, number>;
}

/** Between two looks at whether everything has come to rest, and how long that may take. */
const lookEveryMs = 5_000;
const restWithinMs = 120_000;

const digested = ['account_events', 'ledger_entries', 'fills', 'orders', 'positions', 'balances'] as const;

/** The whole order path over a stretch of time in which everything goes wrong that the seed says, and one of calm. */
export class Simulation {
  readonly #world: World;

  private constructor(
    private readonly lane: Lane,
    private readonly seed: number,
    onLine: (line: string) => void,
  ) {
    this.#world = new World(lane, seed, onLine);
  }

  static run(
    lane: Lane,
    { seed, onLine = () => undefined }: { readonly seed: number; readonly onLine?: (line: string) => void },
  ): Promise<SimulationResult> {
    return new Simulation(lane, seed, onLine).#run();
  }

  async #run(): Promise<SimulationResult> {
    const { time, violations, counts } = this.#world;
    await this.#storeAccount();
    this.#world.openNode();
    raiseStorm(this.#world, this.#client(), this.#ask);
    await this.#goOn(startOfTime + stormMs);
    this.#world.calm();
    const lasting = await this.#rest();
    this.#world.end();
    await this.#goOn(time.now());
    const digest = await this.#digest();
    return { seed: this.seed, digest, violations: [...violations, ...lasting], counts };
  }

  /** One after the other: each seed finds the house as the first found it. */
  async #storeAccount(): Promise<void> {
    const { account } = this.#world;
    await this.#ask('UPDATE accounts SET removed_at = $1 WHERE removed_at IS NULL', [new Date(startOfTime)]);
    await this.#ask('UPDATE trading_house SET epoch = $1', [0]);
    await this.#ask(`INSERT INTO users (id, email, password_hash, roles) VALUES ($1, $2, '-', '{TRADER}')`, [
      account.ownerId,
      `${account.id}@example.org`,
    ]);
    const { text, values } = accountTable.insertion(account);
    await this.#ask(text, values);
  }

  #client(): SimulatedClient {
    const world = this.#world;
    const { account, trace, exchange, violations } = world;
    const open = 'SELECT id FROM positions WHERE account_id = $1 AND closed_at IS NULL ORDER BY opened_at, id';
    return new SimulatedClient({
      asker: { userId: account.ownerId, actor: 'client' },
      accountId: account.id,
      chance: world.apart('client'),
      trace,
      exchange,
      nodes: () => world.nodes,
      openPositions: async () => (await this.#ask(open, [account.id])).map(({ id }) => id as string),
      onViolation: (violation) => violations.push(violation),
    });
  }

  /** What does not hold although everything had time to come to rest. */
  async #rest(): Promise<readonly string[]> {
    const { account, exchange, openingCoins, time } = this.#world;
    let violations: readonly string[] = [];
    for (let waitedMs = 0; waitedMs < restWithinMs; waitedMs += lookEveryMs) {
      await this.#goOn(time.now() + lookEveryMs);
      violations = await findViolations({ ask: this.#ask, accountId: account.id, exchange, openingCoins });
      if (violations.length === 0) break;
    }
    return violations;
  }

  /** Time goes on only where nothing is under way that does not wait for time. */
  async #goOn(until: number): Promise<void> {
    const { wire } = this.lane;
    do {
      do {
        await wire.idle();
        await new Promise((resolve) => setImmediate(resolve));
      } while (wire.isBusy);
    } while (this.#world.time.step(until));
  }

  async #digest(): Promise<string> {
    const { account, trace } = this.#world;
    for (const table of digested) {
      const rows = await this.#ask(
        `SELECT to_jsonb(t)::text AS row FROM ${table} t WHERE account_id = $1 ORDER BY to_jsonb(t)::text`,
        [account.id],
      );
      for (const { row } of rows) trace.write(table, row);
    }
    const reached = await this.#ask(
      `SELECT t.to_phase AS phase, count(*)::int AS count FROM orders o JOIN order_transitions t ON t.order_id = o.id
       WHERE o.account_id = $1 GROUP BY t.to_phase`,
      [account.id],
    );
    for (const { phase, count } of reached) this.#world.count(phase as string, count as number);
    return trace.digest();
  }

  /** Between the transactions of the nodes. */
  readonly #ask: Ask = async (text, values) => {
    const release = await this.lane.wire.take();
    try {
      return await this.lane.wire.rows(text, values);
    } finally {
      release();
    }
  };
}

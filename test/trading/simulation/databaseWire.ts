import { Client } from 'pg';

interface Answer {
  readonly rows: readonly Readonly<Record<string, unknown>>[];
}

/**
 * The one real connection behind all simulated ones. Statements follow each other, and each is answered before the next is sent: how
 * long the database takes cannot change the order of anything.
 */
export class DatabaseWire {
  readonly #names = new Map<string, string>();
  /** The end of what holds the connection, or waits for it. */
  #tail: Promise<void> = Promise.resolve();
  /** What was answered since something was written last. */
  readonly #known = new Map<string, { readonly text: string; readonly answer: Answer }>();
  #underWay = 0;
  #onIdle: (() => void)[] = [];

  private constructor(private readonly client: Client) {}

  static async open(url: string): Promise<DatabaseWire> {
    const client = new Client({ connectionString: url });
    await client.connect();
    // Nothing here has to outlive the machine, and a plan that was good for an empty table must not stay.
    const settings = ['synchronous_commit = off', 'enable_seqscan = off', 'plan_cache_mode = force_generic_plan'];
    for (const setting of settings) await client.query(`SET ${setting}`);
    return new DatabaseWire(client);
  }

  get isBusy(): boolean {
    return this.#underWay > 0;
  }

  /** Resolves when no statement is under way. */
  async idle(): Promise<void> {
    if (this.#underWay === 0) return;
    await new Promise<void>((resolve) => this.#onIdle.push(resolve));
  }

  /** Resolves when the connection is free for the caller alone, with what lets it go. */
  async take(): Promise<() => void> {
    const before = this.#tail;
    let release = (): void => undefined;
    this.#tail = new Promise((resolve) => {
      release = resolve;
    });
    await before;
    return release;
  }

  /**
   * What only reads is asked of the database again when something was written since: nobody else writes to it. Statements are prepared
   * once. Both because a simulated day is mostly the same questions, and nothing has happened.
   */
  async run(text: string, values: readonly unknown[] = []): Promise<Answer> {
    if (!isReading(text)) {
      this.#forget(text);
      return this.#send(text, values);
    }
    const question = `${text} ${JSON.stringify(values)}`;
    const known = this.#known.get(question)?.answer ?? (await this.#send(text, values));
    this.#known.set(question, { text, answer: known });
    return known;
  }

  async rows(text: string, values: readonly unknown[] = []): Promise<Answer['rows']> {
    return (await this.run(text, values)).rows;
  }

  /** Answers from a table that is written to; all of them where what was written is taken back. */
  #forget(text: string): void {
    const written = tablesIn(text);
    for (const [question, known] of this.#known)
      if (text === 'ROLLBACK' || tablesIn(known.text).some((table) => written.includes(table)))
        this.#known.delete(question);
  }

  async #send(text: string, values: readonly unknown[]): Promise<Answer> {
    this.#underWay += 1;
    try {
      if (values.length === 0) return await this.client.query(text);
      const name = this.#names.get(text) ?? `s${this.#names.size}`;
      this.#names.set(text, name);
      return await this.client.query({ name, text, values: [...values] });
    } finally {
      this.#underWay -= 1;
      if (this.#underWay === 0) for (const tell of this.#onIdle.splice(0)) tell();
    }
  }

  close(): Promise<void> {
    return this.client.end();
  }
}

export function isReading(text: string): boolean {
  return text.trimStart().startsWith('SELECT') && !text.includes('pg_notify');
}

const words = new Map<string, readonly string[]>();

/** Every word that might be the name of a table. */
function tablesIn(text: string): readonly string[] {
  const known = words.get(text) ?? [...new Set(text.match(/(?<=\b(?:FROM|JOIN|INTO|UPDATE)\s+)[a-z_]+/g))];
  words.set(text, known);
  return known;
}

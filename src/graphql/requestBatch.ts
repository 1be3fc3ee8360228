/** What one key of a batch gives. */
type Load<Key, Value> = (keys: readonly Key[]) => Promise<ReadonlyMap<Key, Value>>;

type Waiting<Key, Value> = Map<Key, ((answer: Promise<Value | undefined>) => void)[]>;

/**
 * Gathers what the fields of one request ask for at the same time, and asks for all of it at once. Nothing is remembered: a field that
 * is resolved later asks again.
 */
export class RequestBatch<Key, Value> {
  #waiting: Waiting<Key, Value> | null = null;

  constructor(private readonly load: Load<Key, Value>) {}

  /** Undefined where the answer does not have the key. */
  get(key: Key): Promise<Value | undefined> {
    return new Promise((resolve) => {
      const waiting = this.#waiting ?? this.#begin();
      waiting.set(key, [...(waiting.get(key) ?? []), resolve]);
    });
  }

  #begin(): Waiting<Key, Value> {
    const waiting: Waiting<Key, Value> = new Map();
    this.#waiting = waiting;
    // Behind all microtasks of this turn: by then every item of the list has asked.
    setImmediate(() => {
      this.#waiting = null;
      const answer = this.load([...waiting.keys()]);
      for (const [key, resolves] of waiting) {
        for (const resolve of resolves) resolve(answer.then((values) => values.get(key)));
      }
    });
    return waiting;
  }
}

/** The batches of each request that is under way, by a name. */
export class RequestBatches<Context extends object, Key, Value> {
  readonly #byContext = new WeakMap<Context, Map<string, RequestBatch<Key, Value>>>();

  of(context: Context, name: string, load: Load<Key, Value>): RequestBatch<Key, Value> {
    const batches = this.#byContext.get(context) ?? new Map<string, RequestBatch<Key, Value>>();
    this.#byContext.set(context, batches);
    const batch = batches.get(name) ?? new RequestBatch(load);
    batches.set(name, batch);
    return batch;
  }
}

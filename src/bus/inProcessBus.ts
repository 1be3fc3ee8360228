import type { Logger } from '../telemetry/logger';
import { interestTopic, type Bus, type Topic } from './bus';

interface Listener {
  readonly call: (message: never) => void;
  /** The publication during which it joined; that one it has already seen as the retained state. */
  readonly joinedDuring: number;
}

/** The bus of a single node: a map of listeners. */
export class InProcessBus implements Bus {
  readonly #listeners = new Map<string, Set<Listener>>();
  readonly #retained = new Map<string, () => unknown>();
  #publications = 0;

  constructor(private readonly parts: { readonly logger: Logger }) {}

  publish<Message>(topic: Topic<Message>, message: Message, retain?: () => Message): void {
    this.#retained.set(topic.name, retain ?? ((): Message => message));
    this.#deliver(topic.name, message);
  }

  subscribe<Message>(topic: Topic<Message>, listener: (message: Message) => void): () => void {
    const entry: Listener = { call: listener, joinedDuring: this.#publications };
    const listeners = this.#listeners.get(topic.name) ?? new Set();
    this.#listeners.set(topic.name, listeners);
    listeners.add(entry);
    if (listeners.size === 1) this.#announce(topic.name, 1);
    return () => {
      if (!listeners.delete(entry) || listeners.size > 0) return;
      this.#listeners.delete(topic.name);
      this.#announce(topic.name, 0);
    };
  }

  last<Message>(topic: Topic<Message>): Message | null {
    const read = this.#retained.get(topic.name);
    // Only `publish` of the same typed topic fills this place.
    return read === undefined ? null : (read() as Message);
  }

  forget(topic: Topic<unknown>): void {
    this.#retained.delete(topic.name);
  }

  interests(): readonly { readonly topic: string; readonly listeners: number }[] {
    const used = [...this.#listeners].filter(([topic]) => topic !== interestTopic.name);
    return used.map(([topic, listeners]) => ({ topic, listeners: listeners.size }));
  }

  #announce(topic: string, listeners: number): void {
    if (topic !== interestTopic.name) this.#deliver(interestTopic.name, { topic, listeners });
  }

  #deliver(topic: string, message: unknown): void {
    this.#publications += 1;
    const publication = this.#publications;
    for (const listener of this.#listeners.get(topic) ?? []) {
      if (listener.joinedDuring >= publication) continue;
      try {
        listener.call(message as never);
      } catch (error) {
        // One listener's failure is not the next one's.
        this.parts.logger.error({ err: error, topic }, 'a listener of the bus failed');
      }
    }
  }
}

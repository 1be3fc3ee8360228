/** A name under which messages of one type are published. */
export interface Topic<Message> {
  readonly name: string;
  /** Ties the name to its type; never set. */
  readonly message?: Message;
}

/** How many listeners a topic has on this node. Announced when it becomes used and when it is used no more. */
export interface Interest {
  readonly topic: string;
  readonly listeners: number;
}

/** Interest flows back to those who publish as a message like any other. Listening to it is no interest. */
export const interestTopic: Topic<Interest> = { name: 'interest' };

/**
 * Carries messages from those who publish to those who listen. A message is plain data and is never changed.
 * Nobody waits: `publish` returns when every listener of this node was called.
 */
export interface Bus {
  /** retain: what `last` gives from now on, asked for when someone wants it; without it, the message itself. */
  publish<Message>(topic: Topic<Message>, message: Message, retain?: () => Message): void;
  /** Calls back for every message published after this call. The answer ends it, at once. */
  subscribe<Message>(topic: Topic<Message>, listener: (message: Message) => void): () => void;
  /** What is retained of a topic; null where nothing was published, or it was forgotten. */
  last<Message>(topic: Topic<Message>): Message | null;
  /** Drops what is retained: it is not kept up to date any more. */
  forget(topic: Topic<unknown>): void;
  /** The topics that are listened to now, for whoever starts to serve them. */
  interests(): readonly Interest[];
}

/** Takes a stream's frames as JSON text. */
export type Emit = (data: string) => void;

/** Where a stream's opener puts its frames. */
export interface Sink {
  readonly emit: Emit;
  /** Null where every subscriber keeps up, else a promise that they do again. */
  readonly drained: () => Promise<void> | null;
}

/** Ends a stream; nothing is emitted after it. */
export type Close = () => void;

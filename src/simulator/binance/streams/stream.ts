/** Takes a stream's frames as JSON text. */
export type Emit = (data: string) => void;

/** Ends a stream; nothing is emitted after it. */
export type Close = () => void;

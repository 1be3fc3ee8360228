/** Hands events to listeners, in the order of listening. A listener may end its own listening while it is called. */
export class EventSource<T> {
  private readonly listeners = new Set<(event: T) => void>();

  get isHeard(): boolean {
    return this.listeners.size > 0;
  }

  emit(event: T): void {
    for (const listener of this.listeners) listener(event);
  }

  listen(listener: (event: T) => void): () => void {
    // A wrapper of its own, so that the same function may listen twice.
    const entry = (event: T): void => {
      listener(event);
    };
    this.listeners.add(entry);
    return () => {
      this.listeners.delete(entry);
    };
  }
}

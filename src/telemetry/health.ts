export interface HealthState {
  readonly name: string;
  readonly healthy: boolean;
  /** For the operator's eyes (log, doctor); never sent to the outside. */
  readonly detail: string;
}

export type HealthCheck = () => HealthState | Promise<HealthState>;

/** What must be true for this process to serve. Rooms register a check; `/readyz` asks them all. */
export class HealthRegistry {
  readonly #checks: HealthCheck[] = [];
  #stopping = false;

  register(check: HealthCheck): void {
    this.#checks.push(check);
  }

  /** From now on the process is not ready: it is shutting down. */
  markStopping(): void {
    this.#stopping = true;
  }

  async read(): Promise<{ readonly ready: boolean; readonly states: readonly HealthState[] }> {
    const states = await Promise.all(this.#checks.map(async (check) => check()));
    return { ready: !this.#stopping && states.every((state) => state.healthy), states };
  }
}

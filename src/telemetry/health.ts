export interface HealthState {
  readonly name: string;
  readonly healthy: boolean;
  /** For the operator's eyes (log, doctor); never sent to the outside. */
  readonly detail: string;
}

export type HealthCheck = () => HealthState | Promise<HealthState>;

/**
 * Rooms register a check. `/readyz` goes by what must be true for this process to serve; what another process could do no better
 * (an exchange that does not answer an account) is watched besides, and told to operators alone.
 */
export class HealthRegistry {
  readonly #vital: HealthCheck[] = [];
  readonly #watched: HealthCheck[] = [];
  #isStopping = false;

  register(check: HealthCheck): void {
    this.#vital.push(check);
  }

  watch(check: HealthCheck): void {
    this.#watched.push(check);
  }

  /** From now on the process is not ready: it is shutting down. */
  get isStopping(): boolean {
    return this.#isStopping;
  }

  markStopping(): void {
    this.#isStopping = true;
  }

  async read(): Promise<{ readonly ready: boolean; readonly states: readonly HealthState[] }> {
    const states = await this.#ask(this.#vital);
    return { ready: !this.#isStopping && states.every((state) => state.healthy), states };
  }

  /** Everything that is checked, for the operator. */
  async report(): Promise<{ readonly ready: boolean; readonly states: readonly HealthState[] }> {
    const [{ ready, states }, watched] = await Promise.all([this.read(), this.#ask(this.#watched)]);
    return { ready, states: [...states, ...watched] };
  }

  #ask(checks: readonly HealthCheck[]): Promise<readonly HealthState[]> {
    return Promise.all(checks.map(async (check) => check()));
  }
}

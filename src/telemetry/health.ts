export interface HealthState {
  readonly name: string;
  readonly healthy: boolean;
  /** For the operator's eyes (log, doctor); never sent to the outside. */
  readonly detail: string;
  /** The same, one by one, for programs. */
  readonly facts?: readonly object[];
}

export type HealthCheck = () => HealthState | Promise<HealthState>;

/**
 * Rooms register a check. `/readyz` goes by what must be true for this process to serve. What it can do without for a while makes it
 * `degraded`: it goes on serving, since the others lack the same. What another process could do no better (an exchange that does not answer
 * an account) is watched besides, and told to operators alone.
 */
export class HealthRegistry {
  readonly #vital: HealthCheck[] = [];
  readonly #needed: HealthCheck[] = [];
  readonly #watched: HealthCheck[] = [];
  #isStopping = false;

  register(check: HealthCheck): void {
    this.#vital.push(check);
  }

  /** What this process does without for a while. */
  need(check: HealthCheck): void {
    this.#needed.push(check);
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

  async read(): Promise<HealthReport> {
    const [vital, needed] = await Promise.all([this.#ask(this.#vital), this.#ask(this.#needed)]);
    return {
      ready: !this.#isStopping && vital.every(isHealthy),
      degraded: !needed.every(isHealthy),
      states: [...vital, ...needed],
    };
  }

  /** Everything that is checked, for the operator. */
  async report(): Promise<HealthReport> {
    const [report, watched] = await Promise.all([this.read(), this.#ask(this.#watched)]);
    return { ...report, states: [...report.states, ...watched] };
  }

  #ask(checks: readonly HealthCheck[]): Promise<readonly HealthState[]> {
    return Promise.all(checks.map(async (check) => check()));
  }
}

interface HealthReport {
  readonly ready: boolean;
  /** It serves, and lacks something. */
  readonly degraded: boolean;
  readonly states: readonly HealthState[];
}

function isHealthy({ healthy }: HealthState): boolean {
  return healthy;
}

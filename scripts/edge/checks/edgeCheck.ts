import type { BuiltServer } from '../builtServer';
import type { NginxWishes, RunningNginx } from '../runningNginx';

export interface Finding {
  readonly isGood: boolean;
  /** What was seen, with its figures. */
  readonly seen: string;
}

/** One line of what `npm run check:edge` shows. */
export interface EdgeCheck {
  readonly name: string;
  readonly wishes?: Pick<NginxWishes, 'ports' | 'variables' | 'certificateKey'>;
  /** nginx: fresh, so that nobody has been counted yet. */
  run(parts: { readonly server: BuiltServer; readonly nginx: RunningNginx }): Promise<Finding>;
}

import type { ControlRoute } from './control/controlApi';
import type { Wire } from './server/wire';

/** What moves the markets, and the protocols that tell of it. */
export interface Exchange {
  readonly wires: readonly Wire[];
  readonly describe: () => object;
  readonly controlRoutes: readonly ControlRoute[];
  readonly start: () => void;
  readonly stop: () => void;
}

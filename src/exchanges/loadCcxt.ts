import { createRequire } from 'node:module';
import type { CcxtModule } from './ccxtTypes';

/**
 * Loads ccxt on first use: it costs about a second and 64 MB, which only a process that talks to an exchange should pay.
 * `require` keeps it once in memory for every caller.
 */
export function loadCcxt(): CcxtModule {
  return createRequire(__filename)('ccxt') as CcxtModule;
}

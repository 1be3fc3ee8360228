import { parseArgs } from 'node:util';
import { syntheticMarkets } from './engine/marketSpec';
import type { ReplaySource, SimulatorOptions, SyntheticSource } from './simulatorOptions';

/** What --help prints. */
export const usage = `Usage: npm run simulator -- [options]

A simulated exchange on 127.0.0.1 that speaks the REST and WebSocket protocols of Binance spot and, below the path
/mexc of the same port, those of MEXC spot: EXCHANGE_MEXC_REST_URL=http://127.0.0.1:N/mexc and
EXCHANGE_MEXC_WS_URL=ws://127.0.0.1:N/mexc. A recording is played over Binance's alone.

  --port N            port to listen on, 0 for a free one                     (default 7000)
  --seed TEXT         decides the whole course of every market                (default "tickgate")
  --rate N            steps of the invented traders a second in each market   (default 10)
  --quiet SYMBOL      a market in which nobody trades, e.g. XRPUSDT; repeatable
  --replay FILE       plays recorded sockets of Binance instead (gzip or plain, one market a file); repeatable
  --speed X           2 plays twice as fast as recorded, "max" as fast as it is read  (default 1)
  --replay-wait A,B   streams that must be subscribed to before the first line is played,
                      e.g. btcusdt@trade,btcusdt@depth@100ms            (default: any subscription)
  --weight-limit N    REST request weight granted a minute                    (default 6000)
  --ping-interval N   milliseconds between the server's pings                 (default 20000)
  --with-parent       ends when standard input closes
  --help              prints this

The first line on standard output is {"event":"listening","port":N}. Faults are injected at /control.
`;

/** The command line cannot be used, with a sentence that says why. */
export class UsageError extends Error {}

/** The command line, read and checked. */
export interface SimulatorArguments extends Omit<SimulatorOptions, 'now' | 'onError'> {
  readonly isHelp: boolean;
  readonly endsWithParent: boolean;
}

/** Reads the arguments of the command `simulator`. Throws UsageError. */
export function readArguments(args: readonly string[]): SimulatorArguments {
  const { values } = parse(args);
  return {
    isHelp: values.help,
    endsWithParent: values['with-parent'],
    port: toWhole('--port', values.port, { from: 0, to: 65_535 }),
    source: values.replay.length > 0 ? toReplay(values) : toSynthetic(values),
    weightLimitPerMinute: toWhole('--weight-limit', values['weight-limit'], { from: 1, to: 1_000_000_000 }),
    pingIntervalMs: toWhole('--ping-interval', values['ping-interval'], { from: 10, to: 3_600_000 }),
  };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        port: { type: 'string', default: '7000' },
        seed: { type: 'string' },
        rate: { type: 'string' },
        quiet: { type: 'string', multiple: true },
        replay: { type: 'string', multiple: true, default: [] },
        speed: { type: 'string' },
        'replay-wait': { type: 'string' },
        'weight-limit': { type: 'string', default: '6000' },
        'ping-interval': { type: 'string', default: '20000' },
        'with-parent': { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
      },
    });
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

type Values = ReturnType<typeof parse>['values'];

function toSynthetic(values: Values): SyntheticSource {
  refuse(values, ['speed', 'replay-wait'], 'needs --replay');
  return {
    kind: 'synthetic',
    seed: values.seed ?? 'tickgate',
    ratePerSecond: toWhole('--rate', values.rate ?? '10', { from: 1, to: 1000 }),
    quietMarkets: (values.quiet ?? []).map(toMarketId),
  };
}

function toReplay(values: Values): ReplaySource {
  refuse(values, ['seed', 'rate', 'quiet'], 'has no effect on --replay');
  const waitFor = (values['replay-wait'] ?? '').split(',').filter((name) => name !== '');
  return { kind: 'replay', files: values.replay, speed: toSpeed(values.speed ?? '1'), waitFor };
}

function refuse(values: Values, names: readonly (keyof Values)[], why: string): void {
  const name = names.find((candidate) => values[candidate] !== undefined);
  if (name !== undefined) throw new UsageError(`--${name} ${why}.`);
}

/** Null is as fast as the readers take it. */
function toSpeed(text: string): number | null {
  if (text === 'max') return null;
  const speed = /^\d+(\.\d+)?$/.test(text) ? Number(text) : NaN;
  if (speed >= 0 && speed <= 10_000) return speed === 0 ? null : speed;
  throw new UsageError(`--speed must be a number up to 10000, or "max", not "${text}".`);
}

function toWhole(name: string, text: string, range: { readonly from: number; readonly to: number }): number {
  const value = /^\d+$/.test(text) ? Number(text) : NaN;
  if (value >= range.from && value <= range.to) return value;
  throw new UsageError(`${name} must be a whole number from ${range.from} to ${range.to}, not "${text}".`);
}

function toMarketId(text: string): string {
  const ids = syntheticMarkets.map((market) => market.spec.id);
  if (ids.includes(text)) return text;
  throw new UsageError(`--quiet must be one of ${ids.join(', ')}, not "${text}".`);
}

import { parseArgs } from 'node:util';
import { print } from 'graphql';
import { createClient, type Client } from 'graphql-ws';
import logUpdate from 'log-update';
import WebSocket from 'ws';
import { loadProcessConfig } from '../config/processConfig';
import { parseMarketId } from '../domain/market';
import {
  TickersDocument,
  type TickersSubscription,
  type TickersSubscriptionVariables,
} from '../graphql/operations.generated';
import { CommandError, reportFailure, UsageError } from './commandError';
import { issueDevelopmentToken } from './issueDevelopmentToken';
import { PriceTable } from './priceTable';

const redrawIntervalMs = 200;
const plainRedrawIntervalMs = 1_000;
const maxRetryDelayMs = 5_000;
const refusedExitStatus = 77;

const usage = `Draws a live table of prices until Ctrl-C.

  npm run watch -- MARKET [MARKET …]      e.g. npm run watch -- simulator:BTC/USDT simulator:ETH/USDT

  --url URL         WebSocket of the server (default: this project's own, ws://localhost:PORT/graphql)
  --token TOKEN     access token (default: one of the demo trader, as "npm run token" prints)
  --help            this text
`;

interface Arguments {
  readonly markets: readonly string[];
  readonly url: string | null;
  readonly token: string | null;
  readonly isHelp: boolean;
}

function readArguments(args: readonly string[]): Arguments {
  const { values, positionals } = parse(args);
  const wrong = positionals.find((market) => parseMarketId(market) === null);
  if (wrong !== undefined) {
    throw new UsageError(`"${wrong}" is not a market: write exchange:symbol, e.g. simulator:BTC/USDT.`, usage);
  }
  if (positionals.length === 0 && !values.help) throw new UsageError('Name at least one market.', usage);
  return {
    markets: [...new Set(positionals)],
    url: values.url ?? null,
    token: values.token ?? null,
    isHelp: values.help,
  };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: { url: { type: 'string' }, token: { type: 'string' }, help: { type: 'boolean', default: false } },
    });
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error), usage);
  }
}

/** Every (re)connection asks for a token anew: one lives ten minutes. */
function connect(options: Arguments, onStatus: (status: string) => void): Client {
  const config = loadProcessConfig();
  return createClient({
    url: options.url ?? `ws://localhost:${config.http.port}/graphql`,
    webSocketImpl: WebSocket,
    connectionParams: async () => {
      const token = options.token ?? (await issueDevelopmentToken({ config, role: 'TRADER' })).accessToken;
      return { authorization: `Bearer ${token}` };
    },
    retryAttempts: Number.POSITIVE_INFINITY,
    shouldRetry: () => true,
    retryWait: async (retries) => {
      const delayMs = Math.min(maxRetryDelayMs, 250 * 2 ** retries);
      await new Promise((resolve) => setTimeout(resolve, delayMs));
    },
    on: {
      connecting: () => {
        onStatus('connecting …');
      },
      connected: () => {
        onStatus('live');
      },
      closed: (event) => {
        onStatus(`connection lost (${closeCodeOf(event)}), trying again …`);
      },
    },
  });
}

function closeCodeOf(event: unknown): string {
  return typeof event === 'object' && event !== null && 'code' in event ? String(event.code) : 'no answer';
}

async function watch(options: Arguments): Promise<void> {
  const table = new PriceTable(options.markets);
  let status = 'connecting …';
  const client = connect(options, (newStatus) => {
    if (newStatus !== 'live') table.markAllStale();
    status = newStatus;
  });
  const isTerminal = process.stdout.isTTY;
  const draw = (): void => {
    const text = `${table.render(Date.now(), { hasColors: isTerminal && process.stdout.hasColors() })}\n${status}`;
    if (isTerminal) logUpdate(text);
    else process.stdout.write(`${text}\n`);
  };
  const redraw = setInterval(draw, isTerminal ? redrawIntervalMs : plainRedrawIntervalMs);
  const stop = (): void => void client.dispose();
  process.once('SIGINT', stop).once('SIGTERM', stop);

  try {
    const request = {
      query: print(TickersDocument),
      variables: { markets: options.markets } satisfies TickersSubscriptionVariables,
    };
    for await (const result of client.iterate<TickersSubscription>(request)) {
      const refusal = result.errors?.[0];
      if (refusal !== undefined) throw new CommandError(refusal.message, refusedExitStatus);
      if (result.data != null) table.apply(result.data.tickers, Date.now());
    }
  } catch (error) {
    throw describe(error);
  } finally {
    clearInterval(redraw);
    if (isTerminal) logUpdate.done();
    await client.dispose();
  }
}

/** A refusal arrives as the list of GraphQL errors of the operation, a lasting failure to connect as a close event. */
function describe(error: unknown): unknown {
  if (Array.isArray(error)) {
    const messages = (error as readonly { readonly message: string }[]).map(({ message }) => message);
    return new CommandError(messages.join('\n'), refusedExitStatus);
  }
  if (error instanceof Error) return error;
  return new CommandError(`The server closed the connection (${closeCodeOf(error)}).`, refusedExitStatus);
}

async function run(): Promise<void> {
  const options = readArguments(process.argv.slice(2));
  if (options.isHelp) process.stdout.write(usage);
  else await watch(options);
}

run().catch(reportFailure);

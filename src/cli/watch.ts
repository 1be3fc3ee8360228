import { setTimeout as delay } from 'node:timers/promises';
import { print } from 'graphql';
import { createClient, type Client } from 'graphql-ws';
import logUpdate from 'log-update';
import { loadProcessConfig } from '../config/processConfig';
import { parseMarketId } from '../domain/market';
import {
  TickersDocument,
  type TickersSubscription,
  type TickersSubscriptionVariables,
} from '../graphql/operations.generated';
import { CommandError, UsageError } from './commandError';
import { runCommand, type OptionsOf } from './commandLine';
import { IdentityError } from '../identity/identityError';
import { endingSocket } from './endingSocket';
import { issueDevelopmentToken } from './issueDevelopmentToken';
import { PriceTable } from './priceTable';

const redrawIntervalMs = 200;
const plainRedrawIntervalMs = 1_000;
const maxRetryDelayMs = 5_000;
const refusedExitStatus = 77;

/** Close codes: of a connection that broke or never was one, and the server's own for tokens. */
const neverOpenedCode = '1006';
const badTokenCode = '4401';
const tokenExpiredCode = '4403';

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
}

const known = { url: { type: 'string' }, token: { type: 'string' } } as const;

function readArguments(options: OptionsOf<typeof known>, markets: readonly string[]): Arguments {
  const wrong = markets.find((market) => parseMarketId(market) === null);
  if (wrong !== undefined) {
    throw new UsageError(`"${wrong}" is not a market: write exchange:symbol, e.g. simulator:BTC/USDT.`, usage);
  }
  if (markets.length === 0) throw new UsageError('Name at least one market.', usage);
  if (options.url !== undefined && !isSocketUrl(options.url)) {
    throw new UsageError(`"${options.url}" is not the address of a WebSocket: it begins with ws:// or wss://.`, usage);
  }
  return {
    markets: [...new Set(markets)],
    url: options.url ?? null,
    token: options.token ?? null,
  };
}

/** A part behind `#` is for browsers; a WebSocket refuses it. */
function isSocketUrl(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, hash } = new URL(text);
  return ['ws:', 'wss:'].includes(protocol) && hash === '';
}

interface Connecting {
  readonly options: Arguments;
  /** Ends waiting and connecting at once. */
  readonly signal: AbortSignal;
  readonly onStatus: (status: string) => void;
}

/** Every (re)connection asks for a token anew: one lives ten minutes. */
async function connect({ options, signal, onStatus }: Connecting): Promise<Client> {
  const config = await loadProcessConfig();
  let failure = 'no answer';
  return createClient({
    url: options.url ?? `ws://localhost:${config.http.port}/graphql`,
    webSocketImpl: endingSocket(signal),
    connectionParams: async () => {
      const token = options.token ?? (await issueDevelopmentToken({ config, role: 'TRADER' })).accessToken;
      return { authorization: `Bearer ${token}` };
    },
    retryAttempts: Number.POSITIVE_INFINITY,
    // A token that was given does not get younger, and no token of our own comes from trying again.
    shouldRetry: (cause) =>
      !(cause instanceof IdentityError || (codeOf(cause) === tokenExpiredCode && options.token !== null)),
    retryWait: async (retries) => {
      const delayMs = Math.min(maxRetryDelayMs, 250 * 2 ** retries);
      await delay(delayMs, undefined, { signal }).catch(() => undefined);
    },
    on: {
      connecting: (isRetry) => {
        if (!isRetry) onStatus('connecting …');
      },
      connected: () => {
        onStatus('live');
      },
      error: (error) => {
        failure = messageOf(error);
      },
      closed: (event) => {
        const code = codeOf(event);
        onStatus(`connection lost (${code === neverOpenedCode ? failure : code}), trying again …`);
        failure = 'no answer';
      },
    },
  });
}

function codeOf(event: unknown): string {
  return typeof event === 'object' && event !== null && 'code' in event ? String(event.code) : 'no answer';
}

/** What `ws` says of a connection that failed: connect ECONNREFUSED 127.0.0.1:4000, Unexpected server response: 404, … */
function messageOf(error: unknown): string {
  const hasMessage = typeof error === 'object' && error !== null && 'message' in error;
  return hasMessage && error.message !== '' ? String(error.message) : 'no answer';
}

async function watch(options: Arguments): Promise<void> {
  const table = new PriceTable(options.markets);
  let status = 'connecting …';
  const ending = new AbortController();
  const onStatus = (newStatus: string): void => {
    if (newStatus !== 'live') table.markAllStale();
    status = newStatus;
  };
  const client = await connect({ options, signal: ending.signal, onStatus });
  const isTerminal = process.stdout.isTTY;
  const draw = (): void => {
    const text = `${table.render(Date.now(), { hasColors: isTerminal && process.stdout.hasColors() })}\n${status}`;
    if (isTerminal) logUpdate(text);
    else process.stdout.write(`${text}\n`);
  };
  const redraw = setInterval(draw, isTerminal ? redrawIntervalMs : plainRedrawIntervalMs);
  const results = client.iterate<TickersSubscription>({
    query: print(TickersDocument),
    variables: { markets: options.markets } satisfies TickersSubscriptionVariables,
  });
  const stop = (): void => {
    // Ends the subscription, and with the last one the client neither retries nor keeps its connection.
    void results.return?.();
    ending.abort();
  };
  process.once('SIGINT', stop).once('SIGTERM', stop);

  try {
    for await (const result of results) {
      const refusal = result.errors?.[0];
      if (refusal !== undefined) throw new CommandError(refusal.message, refusedExitStatus);
      if (result.data != null) table.apply(result.data.tickers, Date.now());
    }
  } catch (error) {
    if (!ending.signal.aborted) throw describe(error);
  } finally {
    clearInterval(redraw);
    if (isTerminal) logUpdate.done();
  }
}

/** A refusal arrives as the list of GraphQL errors of the operation, a lasting failure to connect as a close event. */
function describe(error: unknown): unknown {
  if (Array.isArray(error)) {
    const messages = (error as readonly { readonly message: string }[]).map(({ message }) => message);
    return new CommandError(messages.join('\n'), refusedExitStatus);
  }
  if (error instanceof Error) return error;
  const code = codeOf(error);
  if (code === badTokenCode || code === tokenExpiredCode) {
    const what = code === badTokenCode ? 'does not accept the access token' : 'says that the access token has expired';
    return new CommandError(
      `The server ${what} (${code}): get a new one, e.g. with "npm run token".`,
      refusedExitStatus,
    );
  }
  return new CommandError(`The server closed the connection (${code}).`, refusedExitStatus);
}

runCommand({ usage, options: known, takesWords: true }, (options, markets) => watch(readArguments(options, markets)));

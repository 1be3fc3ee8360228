// Keeps the prices of some markets and one order book, and stays right through cuts of the connection and the end of its
// access token. Needs two packages: graphql-ws and ws (a browser needs no ws).
//
//   node docs/examples/livePrices.mjs --token-command "npm run -s token -- --role viewer" simulator:BTC/USDT simulator:ETH/USDT
//
//   --url URL                 default: ws://localhost:4000/graphql
//   --token-command COMMAND   prints an access token; run at every (re)connection and before a token ends
//   --book MARKET             the market whose order book is kept (default: the first)
//   --events N                ends after N events; what it knows by then is printed as one line of JSON, as at Ctrl-C
//
// The contract of the streams: docs/SUBSCRIPTIONS.md.

import { exec } from 'node:child_process';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs, promisify } from 'node:util';
import { createClient } from 'graphql-ws';
import WebSocket from 'ws';

const run = promisify(exec);
const maxRetryDelayMs = 10_000;
/** A token is replaced when this part of its life has passed. */
const refreshAt = 0.5;

const { values: options, positionals: markets } = parseArgs({
  allowPositionals: true,
  options: {
    url: { type: 'string', default: 'ws://localhost:4000/graphql' },
    'token-command': { type: 'string' },
    book: { type: 'string' },
    events: { type: 'string', default: 'Infinity' },
  },
});
if (markets.length === 0) throw new Error('Name at least one market, e.g. simulator:BTC/USDT.');

/** market → newest ticker */
const tickers = new Map();
/** price → amount, for each side. Prices are keys: never turn them into floats. */
const book = { bids: new Map(), asks: new Map() };
let eventCount = 0;
let hasEnded = false;

// ---- The token ----

let refreshTimer;

async function freshToken() {
  const command = options['token-command'];
  if (command === undefined) return null;
  const { stdout } = await run(command);
  return stdout.trim();
}

/** A token is a JWT: its second part says when it ends. */
function endOf(token) {
  return JSON.parse(Buffer.from(token.split('.')[1], 'base64url')).exp * 1000;
}

/** Sends a fresh token on the living socket, in a ping: the streams go on. The pong says until when it is good. */
async function refresh(socket) {
  const authorization = `Bearer ${await freshToken()}`;
  if (socket.readyState === WebSocket.OPEN) socket.send(JSON.stringify({ type: 'ping', payload: { authorization } }));
}

function refreshBefore(socket, expiresAtMs) {
  clearTimeout(refreshTimer);
  // Where there is none, the server ends the socket with 4403, and the client comes back and asks again.
  const onFailure = ({ message }) => say(`no fresh token: ${message}`);
  refreshTimer = setTimeout(() => refresh(socket).catch(onFailure), (expiresAtMs - Date.now()) * refreshAt);
}

// ---- The connection ----

let connectedWith = null;
let activeSocket = null;

const client = createClient({
  url: options.url,
  webSocketImpl: WebSocket,
  connectionParams: async () => {
    connectedWith = await freshToken();
    return connectedWith === null ? {} : { authorization: `Bearer ${connectedWith}` };
  },
  // The client gives up by itself where coming back is useless: 4400, 4401, 4406, 4409, 4429.
  retryAttempts: Infinity,
  // Also where no connection can be had, while the server restarts, and where there is no fresh token just then: neither is a close code.
  shouldRetry: () => true,
  retryWait: (retries) => delay(Math.min(maxRetryDelayMs, 250 * 2 ** retries) * (0.5 + Math.random())),
  on: {
    connected: (socket) => {
      say('connected');
      activeSocket = socket;
      if (connectedWith !== null) refreshBefore(socket, endOf(connectedWith));
    },
    pong: (_isReceived, payload) => {
      if (payload?.expiresAt === undefined) return;
      say(`token good until ${payload.expiresAt}`);
      refreshBefore(activeSocket, Date.parse(payload.expiresAt));
    },
    error: ({ message }) => say(`no connection: ${message}`),
    closed: (event) => {
      clearTimeout(refreshTimer);
      say(`disconnected (${event.code})`);
    },
  },
});

// ---- The streams ----

const tickersDocument = `
  subscription ($markets: [MarketId!]!, $after: Cursor) {
    tickers(markets: $markets, after: $after) {
      meta { kind seq cursor reason }
      tickers { marketId last bid ask exchangeTime }
    }
  }`;

const bookDocument = `
  subscription ($market: MarketId!, $after: Cursor) {
    orderBook(market: $market, depth: 20, intervalMs: 100, after: $after) {
      meta { kind seq cursor reason }
      bids { price amount }
      asks { price amount }
      nonce
    }
  }`;

/** After a cut the client sends the same variables again: `after` in them, brought up to date with every event, is what resumes. */
function follow(field, query, variables, apply) {
  client.subscribe(
    { query, variables },
    {
      next: ({ data, errors }) => {
        if (hasEnded) return;
        if (errors !== undefined) return say(`${field}: ${errors[0].message}`);
        const { meta, ...body } = data[field];
        variables.after = meta.cursor;
        const text = apply(meta, body);
        say([field, meta.kind, `#${meta.seq}`, text, meta.reason].filter((part) => part !== null).join(' '));
        eventCount += 1;
        if (eventCount === Number(options.events)) void end(0);
      },
      // A list of errors is the server's refusal of this stream; anything else is a connection that cannot be had again.
      error: (failure) => {
        say(`${field}: ${Array.isArray(failure) ? failure[0].extensions.code : `closed for good (${failure.code})`}`);
        void end(1);
      },
      complete: () => say(`${field}: complete`),
    },
  );
}

follow('tickers', tickersDocument, { markets }, ({ kind }, body) => {
  for (const ticker of body.tickers) tickers.set(ticker.marketId, { ...ticker, isStale: kind === 'STALE' });
  return body.tickers.map(({ marketId, last }) => `${marketId} ${last}`).join(', ');
});

follow('orderBook', bookDocument, { market: options.book ?? markets[0] }, ({ kind }, { bids, asks, nonce }) => {
  // STALE carries no levels: what is known stays, and is old. SNAPSHOT carries the whole book.
  if (kind === 'SNAPSHOT') {
    book.bids.clear();
    book.asks.clear();
  }
  put(book.bids, bids);
  put(book.asks, asks);
  return `${book.bids.size} bids, ${book.asks.size} asks, nonce ${nonce}`;
});

function put(side, levels) {
  for (const { price, amount } of levels) {
    if (amount === '0') side.delete(price);
    else side.set(price, amount);
  }
}

// ---- The end ----

function say(text) {
  process.stdout.write(`${new Date().toISOString()} ${text}\n`);
}

async function end(status) {
  if (hasEnded) return;
  hasEnded = true;
  const bookNow = { bids: Object.fromEntries(book.bids), asks: Object.fromEntries(book.asks) };
  say(`state ${JSON.stringify({ tickers: Object.fromEntries(tickers), book: bookNow })}`);
  process.exitCode = status;
  clearTimeout(refreshTimer);
  await client.dispose();
}

process.once('SIGINT', () => void end(0));
process.once('SIGTERM', () => void end(0));

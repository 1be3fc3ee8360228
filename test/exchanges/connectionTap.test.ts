import type { CcxtClass, CcxtClient } from '../../src/exchanges/ccxtTypes';
import { ConnectionTap, tapConnections } from '../../src/exchanges/connectionTap';

class FakeClient {
  isConnected = true;
  connectionEstablished = 100;
  error: unknown = undefined;
  readonly subscriptions = {};
  readonly reject = jest.fn();
  readonly resolve = jest.fn();
  readonly close = jest.fn();
  readonly connection = { readyState: 1, terminate: jest.fn() };
  sending: Promise<unknown> = Promise.resolve();

  constructor(readonly url: string) {}

  send(): Promise<unknown> {
    return this.sending;
  }

  onPong(): void {
    // ccxt notes the time here.
  }
}

/** As much of ccxt's base class as the tap overrides. */
class FakeCcxt {
  readonly clients: Record<string, FakeClient> = {};
  readonly handled: unknown[] = [];
  readonly printed: unknown[] = [];

  client(url: string): FakeClient {
    return (this.clients[url] ??= new FakeClient(url));
  }

  handleMessage(_client: FakeClient, message: unknown): void {
    this.handled.push(message);
  }

  onConnected(): void {
    // For users of ccxt to override.
  }

  onError(client: FakeClient): void {
    Reflect.deleteProperty(this.clients, client.url);
  }

  handleErrors(): void {
    // Throws by status in ccxt.
  }

  watchMultiple(): Promise<string> {
    return Promise.resolve('data');
  }

  calculateWsBackoffDelay(): number {
    return 60_000;
  }

  log(...parts: readonly unknown[]): void {
    this.printed.push(parts);
  }
}

const url = 'ws://exchange/stream/0';

function tapped() {
  let now = 1_000;
  const listener = {
    clock: () => now,
    onConnected: jest.fn(),
    onRateLimited: jest.fn(),
    onSendFailed: jest.fn(),
    onLog: jest.fn(),
  };
  const tap = new ConnectionTap(listener);
  const Exchange = tapConnections(FakeCcxt as unknown as CcxtClass, tap);
  const exchange = new Exchange({});
  const setNow = (value: number): void => {
    now = value;
  };
  return { exchange, fake: exchange as unknown as FakeCcxt, listener, tap, setNow };
}

describe('the tap on the connections of ccxt', () => {
  it('takes an opened connection, a frame and a pong for proofs of life, and nothing else', () => {
    const { exchange, fake, tap, setNow } = tapped();
    const client = exchange.client(url);
    expect(tap.aliveAt(client)).toBe(100);
    exchange.handleMessage(client, 'frame');
    expect(tap.aliveAt(client)).toBe(1_000);
    setNow(2_000);
    client.onPong();
    expect(tap.aliveAt(client)).toBe(2_000);
    setNow(3_000);
    expect(tap.aliveAt(client)).toBe(2_000);
    fake.clients[url]!.connection.readyState = 2;
    expect(tap.aliveAt(client)).toBeNull();
    expect(tap.aliveAt(undefined)).toBeNull();
  });

  it('keeps what a given-up connection still delivers from the books of its successor', () => {
    const { exchange, fake } = tapped();
    const old = exchange.client(url);
    exchange.onError(old, new Error('silent'));
    exchange.handleMessage(old, 'late');
    exchange.handleMessage(exchange.client(url), 'fresh');
    expect(fake.handled).toEqual(['fresh']);
  });

  it('ends the socket of a connection that ccxt gives up', () => {
    const { exchange, fake } = tapped();
    const client = exchange.client(url);
    const { terminate } = fake.clients[url]!.connection;
    exchange.onError(client, new Error('silent'));
    expect(terminate).toHaveBeenCalledTimes(1);
  });

  it('holds the promise of a failed send, and wakes those who wait for an answer', async () => {
    const { exchange, fake, listener } = tapped();
    const client = exchange.client(url);
    const failure = new Error('socket is closed');
    fake.clients[url]!.sending = Promise.reject(failure);
    await client.send('SUBSCRIBE').catch(() => undefined);
    expect(listener.onSendFailed).toHaveBeenCalledWith(url, failure);
    expect(client.reject).toHaveBeenCalledWith(failure);
  });

  it('tells which connection a watch call uses', async () => {
    const { exchange, tap } = tapped();
    const { result, url: dialled } = tap.trace(() => exchange.watchMultiple(url));
    expect(dialled).toBe(url);
    expect(await result).toBe('data');
    expect(tap.trace(() => Promise.resolve()).url).toBeNull();
  });

  it.each([
    [429, { 'Retry-After': '7' }, 7_000],
    [418, {}, null],
    [429, { 'Retry-After': 'tomorrow' }, null],
  ])('hears a %d with %j', (status, headers, expected) => {
    const { exchange, listener } = tapped();
    exchange.handleErrors(status, '', '', '', headers);
    expect(listener.onRateLimited).toHaveBeenCalledWith(expected);
  });

  it('keeps ccxt from printing, and from pauses of its own between dials', () => {
    const { exchange, fake, listener } = tapped();
    exchange.log('text');
    expect(fake.printed).toEqual([]);
    expect(listener.onLog).toHaveBeenCalledWith(['text']);
    expect(exchange.calculateWsBackoffDelay(url)).toBe(0);
    exchange.onConnected(exchange.client(url) satisfies CcxtClient);
    expect(listener.onConnected).toHaveBeenCalledWith(url);
  });
});

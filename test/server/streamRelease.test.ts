import { collectedBytes } from '../kit/collectedHeap';
import { eventually } from '../kit/eventually';
import { Gate } from '../kit/gate';
import { bookOf, candlesOf, tickersOf, tradesOf } from '../kit/liveMarketDocuments';
import { LiveMarkets } from '../kit/liveMarkets';
import { executionVariants } from '../kit/protocol';
import { RecordingSocket } from '../kit/recordingSocket';
import { TestServer, type TestServerOptions } from '../kit/testServer';

const rounds = 1_000;
const together = 20;
const backWithinMs = 2_000;
const maxGrowthBytes = 2_000_000;
const documents = [tickersOf(), bookOf(), tradesOf(), candlesOf(), tickersOf({ symbols: ['BTC/USDT', 'ETH/USDT'] })];

/** How a client that has subscribed goes away. */
type Leaving = (socket: RecordingSocket) => Promise<void> | void;

const leavings: readonly Leaving[] = [
  // At once, whatever is on its way.
  (socket) => {
    socket.terminate();
  },
  async (socket) => {
    await eventually(() => documents.every((_, index) => socket.of(`s${index}`).length > 0));
    socket.terminate();
  },
  async (socket) => {
    for (const index of documents.keys()) socket.send({ id: `s${index}`, type: 'complete' });
    socket.socket.close(1000);
    await eventually(() => socket.closed !== null);
  },
];

class Held {
  constructor(
    readonly server: TestServer,
    readonly markets: LiveMarkets,
  ) {}

  static async start(options: TestServerOptions): Promise<Held> {
    const markets = new LiveMarkets();
    for (const symbol of ['BTC/USDT', 'ETH/USDT']) markets.publish(symbol);
    const access = { publicMarketData: true };
    return new Held(await TestServer.start({ ...options, access, marketStreams: markets.streams }), markets);
  }

  /** Everything that a reader can leave behind, but memory. */
  async counts() {
    const { streamGroups, subscriptions, sockets } = this.server.metrics;
    const resources = process.getActiveResourcesInfo();
    return {
      listeners: this.markets.bus.interests().length,
      groups: await sumOf(streamGroups),
      subscriptions: await sumOf(subscriptions),
      sockets: await sumOf(sockets),
      timers: resources.filter((name) => name === 'Timeout').length,
      connections: resources.filter((name) => name === 'TCPSocketWrap').length,
    };
  }

  /** Once nobody is there and ten looks tell the same: the server forgets a socket before the system has closed it on both sides. */
  async settledCounts() {
    let [last, same] = [await this.counts(), 0];
    await eventually(async () => {
      const now = await this.counts();
      same = JSON.stringify(now) === JSON.stringify(last) ? same + 1 : 0;
      last = now;
      return now.sockets === 0 && same >= 10;
    });
    return last;
  }

  async comeAndGo(count: number): Promise<void> {
    for (let done = 0; done < count; done += together) {
      await Promise.all(Array.from({ length: together }, (_, index) => this.#visit(done + index)));
      this.markets.publish();
    }
  }

  async #visit(round: number): Promise<void> {
    const socket = await RecordingSocket.connect(this.server.wsUrl);
    for (const [index, document] of documents.entries()) socket.subscribe(`s${index}`, document);
    await leavings[round % leavings.length]?.(socket);
  }
}

type Counts = Awaited<ReturnType<Held['counts']>>;

/** Those of `now` of which there are more than before. Fewer is no trace of a reader: a timer of the process may have run out. */
function more(now: Counts, before: Counts): Partial<Counts> {
  const names = Object.keys(now) as (keyof Counts)[];
  return Object.fromEntries(names.filter((name) => now[name] > before[name]).map((name) => [name, now[name]]));
}

async function sumOf(gauge: { get(): Promise<{ values: readonly { value: number }[] }> }): Promise<number> {
  return (await gauge.get()).values.reduce((sum, { value }) => sum + value, 0);
}

describe.each(executionVariants)('with %s', (_variant, options) => {
  let held: Held;

  beforeEach(async () => {
    held = await Held.start({ ...options, reservations: { take: () => Promise.resolve([]) } });
  });

  afterEach(() => held.server.stop());

  it(`${rounds} readers who come and go leave nothing behind: no listener, group, timer, connection or memory`, async () => {
    await held.comeAndGo(200);
    const before = await held.settledCounts();
    const bytesBefore = await collectedBytes();
    await held.comeAndGo(rounds);
    let left: Partial<Counts> = {};
    const gone = async (): Promise<boolean> => {
      left = more(await held.counts(), before);
      return Object.keys(left).length === 0;
    };
    // What did not go is told by name.
    await eventually(gone, { timeoutMs: backWithinMs }).catch(() => undefined);
    expect(left).toEqual({});
    expect(before).toMatchObject({ listeners: 0, groups: 0, subscriptions: 0, sockets: 0 });
    expect((await collectedBytes()) - bytesBefore).toBeLessThan(maxGrowthBytes);
    // The heap of a process that has run a hundred test files takes a second to collect, and is collected up to 40 times.
  }, 180_000);

  it('readers who go while their streams are being opened leave nothing behind', async () => {
    const gate = new Gate();
    held.markets.admit = () => gate.passed;
    const sockets = await Promise.all(
      Array.from({ length: together }, () => RecordingSocket.connect(held.server.wsUrl)),
    );
    for (const socket of sockets) {
      for (const [index, document] of documents.entries()) socket.subscribe(`s${index}`, document);
    }
    const { subscriptions } = held.server.metrics;
    await eventually(async () => (await sumOf(subscriptions)) === together * documents.length);
    for (const [index, socket] of sockets.entries()) {
      if (index % 2 === 0) socket.terminate();
      else for (const id of documents.keys()) socket.send({ id: `s${id}`, type: 'complete' });
    }
    await eventually(async () => (await sumOf(held.server.metrics.sockets)) === together / 2);
    // Whose streams open behind all of theirs.
    const last = await RecordingSocket.connect(held.server.wsUrl);
    for (const [index, document] of documents.entries()) last.subscribe(`s${index}`, document);
    const stayed = sockets.filter((_, index) => index % 2 !== 0);
    for (const socket of stayed) socket.send({ type: 'ping' });
    await eventually(() => stayed.every(({ messages }) => messages.some(({ type }) => type === 'pong')));
    gate.open();
    await eventually(() => documents.every((_, index) => last.of(`s${index}`).length > 0));
    last.terminate();
    await eventually(async () => {
      const { listeners, groups, subscriptions: running } = await held.counts();
      return listeners + groups + running === 0;
    });
    expect(sockets.flatMap(({ messages }) => messages.filter(({ id }) => id !== undefined))).toEqual([]);
    for (const socket of sockets) socket.terminate();
  });
});

import { Socket } from 'node:net';
import { eventually } from '../kit/eventually';
import { bookOf, candlesOf, tickersOf, tradesOf } from '../kit/liveMarketDocuments';
import { LiveMarkets } from '../kit/liveMarkets';
import { RecordingSocket } from '../kit/recordingSocket';
import { TestServer } from '../kit/testServer';

const readerCount = 40;
const rounds = 60;

describe('what is asked for by many', () => {
  let markets: LiveMarkets;
  let server: TestServer;
  let sockets: RecordingSocket[];

  beforeEach(async () => {
    markets = new LiveMarkets();
    markets.publish();
    server = await TestServer.start({ marketStreams: markets.streams, access: { publicMarketData: true } });
    sockets = [];
  });

  afterEach(async () => {
    for (const socket of sockets) socket.terminate();
    await server.stop();
  });

  async function connect(): Promise<RecordingSocket> {
    const socket = await RecordingSocket.connect(server.wsUrl);
    sockets.push(socket);
    return socket;
  }

  const executions = async (): Promise<number> => {
    const { values } = await server.metrics.streamExecutions.get();
    return values.reduce((sum, { value }) => sum + value, 0);
  };

  it('has one listener, one group and one execution an event, whatever ids and names its readers use', async () => {
    for (let index = 0; index < readerCount; index += 1) {
      const socket = await connect();
      socket.subscribe(`id ${index}`, tickersOf().replace('subscription', `subscription Name${index}`));
    }
    const told = (count: number): Promise<unknown> =>
      eventually(() => sockets.every((socket, index) => socket.of(`id ${index}`).length === count));
    await told(1);
    expect(markets.bus.interests().map(({ listeners }) => listeners)).toEqual([1]);
    expect((await server.metrics.streamGroups.get()).values[0]?.value).toBe(1);
    const before = await executions();
    for (let round = 1; round <= rounds; round += 1) {
      markets.publish();
      await told(round + 1);
    }
    expect((await executions()) - before).toBe(rounds);
  });

  it('goes out to a socket in one write, all that a turn has for its streams', async () => {
    const socket = await connect();
    const documents = [tickersOf(), bookOf(), tradesOf(), candlesOf()];
    for (const [index, document] of documents.entries()) socket.subscribe(`s${index}`, document);
    const told = (count: number): Promise<unknown> =>
      eventually(() => documents.every((_, index) => socket.of(`s${index}`).length === count));
    await told(1);
    const write = jest.spyOn(Socket.prototype, 'write');
    try {
      markets.publish();
      await told(2);
      const writes = write.mock.contexts.filter((stream) => (stream as Socket).localPort === server.running.port);
      expect(writes).toHaveLength(1);
    } finally {
      write.mockRestore();
    }
  });
});

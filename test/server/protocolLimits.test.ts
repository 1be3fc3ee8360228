import { limits } from '../../src/security/limits';
import { eventually } from '../kit/eventually';
import { errorOf, executionVariants, priceFrame, pushPrice, tickersDocument, watchPrices } from '../kit/protocol';
import { RawSocket } from '../kit/rawSocket';
import { TestServer } from '../kit/testServer';

const { maxMessagesPerMinute, maxOperationsPerSocket, maxUninitializedSockets } = limits.socket;

// What the protocol leaves to the server: how many, how fast, how long.
describe.each(executionVariants)('graphql-transport-ws with %s', (_name, options) => {
  let server: TestServer;

  beforeEach(async () => {
    server = await TestServer.start({ ...options, tokenTtlS: 3, access: { publicMarketData: true } });
  });

  afterEach(() => server.stop());

  it('ends a socket with 4403 when its token expires during a stream; the others notice nothing', async () => {
    const other = await RawSocket.connect(server.wsUrl);
    await watchPrices(other, 'a');
    const socket = await RawSocket.connect(server.wsUrl, server.bearer('VIEWER'));
    await watchPrices(socket, 'a');
    expect(await socket.closed).toEqual({ code: 4403, reason: 'Token expired' });
    pushPrice(server, '101');
    expect(await other.next()).toEqual(priceFrame('a', '101'));
    other.close();
    await eventually(() => server.market.openCount === 0);
  });

  it('ends the socket beyond those that may wait for connection_init with 4420', async () => {
    const waiting = await Promise.all(
      Array.from({ length: maxUninitializedSockets }, () => RawSocket.open(server.wsUrl)),
    );
    const tooMany = await RawSocket.open(server.wsUrl);
    expect(await tooMany.closed).toEqual({ code: 4420, reason: 'Too many connections' });
    const [first] = waiting;
    first?.send({ type: 'connection_init' });
    expect((await first?.next())?.type).toBe('connection_ack');
    const next = await RawSocket.connect(server.wsUrl);
    for (const socket of [...waiting, next]) socket.close();
  });

  it.each([
    ['one user', { maxSocketsPerUser: 2 }],
    ['one address', { maxSocketsPerAddress: 2 }],
  ])(
    'ends the socket beyond those that %s may have with 4420, and lets one in again when another has gone',
    async (_whose, caps) => {
      await server.stop();
      server = await TestServer.start({ ...options, caps });
      const authorization = server.bearer('VIEWER');
      const first = await RawSocket.connect(server.wsUrl, authorization);
      const second = await RawSocket.connect(server.wsUrl, authorization);
      await expect(RawSocket.connect(server.wsUrl, authorization)).rejects.toThrow('closed with 4420');
      first.socket.close(1000);
      await first.closed;
      const third = await eventually(() => RawSocket.connect(server.wsUrl, authorization).catch(() => null));
      for (const socket of [second, third]) {
        expect(await socket.messagesUntilPong()).toEqual([]);
        socket.close();
      }
    },
  );

  it('ends a socket that sends more than its messages a minute with 4422, and its streams', async () => {
    const socket = await RawSocket.connect(server.wsUrl);
    await watchPrices(socket, 'a');
    // connection_init and subscribe were the first two.
    for (let sent = 2; sent < maxMessagesPerMinute; sent += 1) expect(await socket.messagesUntilPong()).toEqual([]);
    socket.send({ type: 'ping' });
    expect(await socket.closed).toEqual({ code: 4422, reason: 'Too many messages' });
    await eventually(() => server.market.openCount === 0);
  });

  it('answers the operation beyond those that a socket may have with an error on its id, and takes one again when one has ended', async () => {
    const socket = await RawSocket.connect(server.wsUrl);
    for (let count = 0; count < maxOperationsPerSocket; count += 1) await watchPrices(socket, `s${count}`);
    socket.subscribe('over', tickersDocument);
    expect(errorOf(await socket.next())).toEqual({ id: 'over', type: 'error', codes: ['TOO_MANY_SUBSCRIPTIONS'] });
    socket.send({ id: 's0', type: 'complete' });
    expect(await socket.messagesUntilPong()).toEqual([]);
    await watchPrices(socket, 'over');
    socket.close();
    await eventually(() => server.market.openCount === 0);
  });
});

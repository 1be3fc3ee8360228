import { executionVariants, priceFrame, pushPrice, watchPrices } from '../kit/protocol';
import { RawSocket } from '../kit/rawSocket';
import { TestServer } from '../kit/testServer';

describe.each(executionVariants)('graphql-transport-ws with %s', (_name, options) => {
  let server: TestServer;

  beforeAll(async () => {
    server = await TestServer.start(options);
  });

  afterAll(() => server.stop());

  describe('ping and pong', () => {
    it.each([[undefined], [null], [{}], [{ sent: 1 }]])(
      'a ping with the payload %j is answered with a pong at any time: before connection_init, after it, during a stream',
      async (payload) => {
        const socket = await RawSocket.open(server.wsUrl);
        socket.send({ type: 'ping', payload });
        expect((await socket.next()).type).toBe('pong');
        socket.send({ type: 'connection_init', payload: { authorization: server.bearer('VIEWER') } });
        expect((await socket.next()).type).toBe('connection_ack');
        socket.send({ type: 'ping', payload });
        expect((await socket.next()).type).toBe('pong');
        await watchPrices(socket, 'a');
        socket.send({ type: 'ping', payload });
        expect((await socket.next()).type).toBe('pong');
        pushPrice(server, '101');
        expect(await socket.next()).toEqual(priceFrame('a', '101'));
        socket.close();
      },
    );

    it('every ping has its own pong', async () => {
      const socket = await RawSocket.connect(server.wsUrl);
      socket.sendTogether(Array.from({ length: 10 }, () => ({ type: 'ping' })));
      for (let count = 0; count < 10; count += 1) expect((await socket.next()).type).toBe('pong');
      expect(await socket.messagesUntilPong()).toEqual([]);
      socket.close();
    });

    it.each([[undefined], [null], [{ beat: 1 }]])(
      'a pong that nobody asked for, with the payload %j, is taken as a sign of life at any time and not answered',
      async (payload) => {
        const socket = await RawSocket.open(server.wsUrl);
        socket.send({ type: 'pong', payload });
        expect(await socket.messagesUntilPong()).toEqual([]);
        socket.send({ type: 'connection_init', payload: { authorization: server.bearer('VIEWER') } });
        expect((await socket.next()).type).toBe('connection_ack');
        await watchPrices(socket, 'a');
        socket.send({ type: 'pong', payload });
        expect(await socket.messagesUntilPong()).toEqual([]);
        pushPrice(server, '101');
        expect(await socket.next()).toEqual(priceFrame('a', '101'));
        socket.close();
      },
    );

    it('a ping is no connection_init: the allowed time goes on', async () => {
      const socket = await RawSocket.open(server.wsUrl);
      socket.send({ type: 'ping' });
      await socket.next();
      expect((await socket.closed).code).toBe(4408);
    });
  });
});

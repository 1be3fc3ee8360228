import { once } from 'node:events';
import WebSocket from 'ws';
import { limits } from '../../src/security/limits';
import { eventually } from '../kit/eventually';
import { executionVariants, tickersDocument, watchPrices } from '../kit/protocol';
import { RawSocket } from '../kit/rawSocket';
import { TestServer } from '../kit/testServer';

// graphql-transport-ws as PROTOCOL.md of graphql-ws states it, from the handshake to the end of the socket.
describe.each(executionVariants)('graphql-transport-ws with %s', (_name, options) => {
  let server: TestServer;

  beforeEach(async () => {
    server = await TestServer.start(options);
  });

  afterEach(() => server.stop());

  async function answerTo(protocols: readonly string[]): Promise<{ readonly protocol: string; readonly code: number }> {
    const socket = new WebSocket(server.wsUrl, [...protocols]);
    await once(socket, 'open');
    socket.on('message', () => {
      socket.close(1000);
    });
    if (protocols.includes('graphql-transport-ws')) socket.send('{"type":"connection_init"}');
    const [code] = (await once(socket, 'close')) as [number];
    return { protocol: socket.protocol, code };
  }

  describe('the subprotocol', () => {
    it('is graphql-transport-ws', async () => {
      expect(await answerTo(['graphql-transport-ws'])).toEqual({ protocol: 'graphql-transport-ws', code: 1000 });
    });

    it('is picked from several that a client speaks', async () => {
      const several = ['graphql-ws', 'graphql-transport-ws', 'mqtt'];
      expect(await answerTo(several)).toEqual({ protocol: 'graphql-transport-ws', code: 1000 });
    });

    it.each([
      ['left out', []],
      ['graphql-ws, the one before', ['graphql-ws']],
      ['one of another trade', ['mqtt', 'graphql-ws']],
    ])(
      'is refused with 4406 and a reason where it is %s, and nothing that comes over it is read',
      async (_kind, spoken) => {
        const token = server.bearer('VIEWER');
        const socket = new WebSocket(server.wsUrl, spoken);
        const said = jest.fn();
        socket.on('message', said).once('open', () => {
          socket.send(JSON.stringify({ type: 'connection_init', payload: { authorization: token } }));
          socket.send(JSON.stringify({ id: 'a', type: 'subscribe', payload: { query: tickersDocument } }));
        });
        const [code, reason] = (await once(socket, 'close')) as [number, Buffer];
        const told = [code, reason.toString(), socket.protocol];
        expect(told).toEqual([4406, 'Subprotocol not acceptable: use graphql-transport-ws', spoken[0] ?? '']);
        expect([said.mock.calls, server.market.opened]).toEqual([[], []]);
      },
    );

    it('that is another keeps nobody from a place, and takes none beyond the limits', async () => {
      await server.stop();
      server = await TestServer.start({ ...options, caps: { maxSocketsPerAddress: 2 } });
      const codeOf = async (): Promise<number> => {
        const socket = new WebSocket(server.wsUrl, ['graphql-ws']);
        const [code] = (await once(socket, 'close')) as [number];
        return code;
      };
      expect([await codeOf(), await codeOf(), await codeOf()]).toEqual([4406, 4406, 4406]);
      const places = [await RawSocket.connect(server.wsUrl), await RawSocket.connect(server.wsUrl)];
      expect([await codeOf(), await server.capHits('socketsPerAddress')]).toEqual([4420, 1]);
      for (const socket of places) socket.close();
    });
  });

  describe('connection_init', () => {
    it.each([[undefined], [null], [{}], [{ anything: { nested: true } }]])(
      'is acknowledged with the payload %j',
      async (payload) => {
        const socket = await RawSocket.open(server.wsUrl);
        socket.send({ type: 'connection_init', payload });
        expect((await socket.next()).type).toBe('connection_ack');
        expect(await socket.messagesUntilPong()).toEqual([]);
        socket.close();
      },
    );

    it('that does not come within the allowed time ends the socket with 4408; a connection that has asked in time stays', async () => {
      const inTime = await RawSocket.connect(server.wsUrl);
      const late = await RawSocket.open(server.wsUrl);
      const openedAtMs = performance.now();
      expect(await late.closed).toEqual({ code: 4408, reason: 'Connection initialisation timeout' });
      expect(performance.now() - openedAtMs).toBeGreaterThan(limits.socket.initTimeoutMs - 100);
      expect(await inTime.messagesUntilPong()).toEqual([]);
      inTime.close();
    });

    it('that comes a second time ends the socket with 4429, and its streams with it', async () => {
      const socket = await RawSocket.connect(server.wsUrl, server.bearer('VIEWER'));
      await watchPrices(socket, 'a');
      socket.send({ type: 'connection_init' });
      expect(await socket.closed).toEqual({ code: 4429, reason: 'Too many initialisation requests' });
      await eventually(() => server.market.openCount === 0);
    });

    it('that comes a second time at once, before any acknowledgement, ends the socket with 4429', async () => {
      const socket = await RawSocket.open(server.wsUrl);
      socket.sendTogether([{ type: 'connection_init' }, { type: 'connection_init' }]);
      expect((await socket.closed).code).toBe(4429);
    });

    it.each([
      ['a token that is none', 'Bearer nonsense'],
      ['another scheme', 'Basic dXNlcjpwYXNz'],
      ['an object', { token: 'x' }],
      ['a list', ['Bearer x']],
    ])('with bad credentials is rejected with 4401 and no acknowledgement: %s', async (_kind, authorization) => {
      const socket = await RawSocket.open(server.wsUrl);
      socket.send({ type: 'connection_init', payload: { authorization } });
      await expect(socket.next()).rejects.toThrow('closed with 4401');
    });

    it('that meets a fault of the server ends the socket with 4500, which tells nothing of it', async () => {
      await server.stop();
      const verify = (): never => {
        throw new Error('the key of hunter2 is broken');
      };
      server = await TestServer.start({ ...options, verifier: { verify } });
      const socket = await RawSocket.open(server.wsUrl);
      socket.send({ type: 'connection_init', payload: { authorization: 'Bearer x' } });
      expect(await socket.closed).toEqual({ code: 4500, reason: 'Internal server error' });
    });

    it('with an expired token is rejected with 4403 and no acknowledgement', async () => {
      await server.stop();
      server = await TestServer.start({ ...options, tokenTtlS: -1 });
      const socket = await RawSocket.open(server.wsUrl);
      socket.send({ type: 'connection_init', payload: { authorization: server.bearer('VIEWER') } });
      await expect(socket.next()).rejects.toThrow('closed with 4403');
    });
  });

  describe('before connection_ack', () => {
    it('a subscribe ends the socket with 4401, and nothing is executed', async () => {
      const socket = await RawSocket.open(server.wsUrl);
      socket.subscribe('a', '{ ticker(market: "simulator:BTC/USDT") { last } }');
      expect(await socket.closed).toEqual({ code: 4401, reason: 'Unauthorized' });
      expect(server.market.calls).toBe(0);
    });

    it('a subscribe sent together with connection_init ends the socket with 4401, and nothing is executed', async () => {
      const socket = await RawSocket.open(server.wsUrl);
      socket.sendTogether([
        { type: 'connection_init', payload: { authorization: server.bearer('VIEWER') } },
        { id: 'a', type: 'subscribe', payload: { query: tickersDocument } },
      ]);
      await expect(socket.next()).rejects.toThrow('closed with 4401');
      expect(server.market.opened).toHaveLength(0);
    });

    it('a complete is a message like any other, and ignored', async () => {
      const socket = await RawSocket.open(server.wsUrl);
      socket.send({ id: 'a', type: 'complete' });
      expect(await socket.messagesUntilPong()).toEqual([]);
      socket.send({ type: 'connection_init' });
      expect((await socket.next()).type).toBe('connection_ack');
      socket.close();
    });
  });
});

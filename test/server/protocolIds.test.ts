import { limits } from '../../src/security/limits';
import { eventually } from '../kit/eventually';
import {
  executionVariants,
  holdTicker,
  holdTickers,
  messagesUntilPong,
  priceFrame,
  pushPrice,
  tickerQuery,
  tickersDocument,
  watchPrices,
} from '../kit/protocol';
import { RawSocket } from '../kit/rawSocket';
import { codesOf, TestServer } from '../kit/testServer';

const timeQuery = '{ serverTime }';
const { maxOperationIdLength } = limits.socket;

const unusualIds = [
  'constructor',
  '__proto__',
  ' ',
  '"quoted" \\ and / and \n\t\u0000',
  '</script>\u2028\u2029',
  'é',
  '价格',
  '💹',
  '\ud800 half of a pair',
  '€'.repeat(maxOperationIdLength),
];

describe.each(executionVariants)('graphql-transport-ws with %s', (_name, options) => {
  let server: TestServer;
  let socket: RawSocket;

  beforeEach(async () => {
    server = await TestServer.start(options);
    socket = await RawSocket.connect(server.wsUrl, server.bearer('VIEWER'));
  });

  afterEach(async () => {
    socket.close();
    await server.stop();
  });

  describe('an operation id', () => {
    it.each(unusualIds)('may be any text, and stands in every message of the operation: %j', async (id) => {
      await watchPrices(socket, id);
      pushPrice(server, '101');
      expect(await socket.next()).toEqual(priceFrame(id, '101'));
      await server.market.opened[0]!.return();
      expect(await socket.next()).toEqual({ id, type: 'complete' });
      socket.subscribe(id, timeQuery);
      expect(await socket.next()).toMatchObject({ id, type: 'next' });
      expect(await socket.next()).toEqual({ id, type: 'complete' });
      socket.subscribe(id, 'subscription { nonsense }');
      expect(await socket.next()).toMatchObject({ id, type: 'error' });
    });

    it('has a greatest length, because every frame repeats it: beyond, an error', async () => {
      const id = 'x'.repeat(maxOperationIdLength + 1);
      socket.subscribe(id, tickersDocument);
      const error = await socket.next();
      expect([error.id, error.type, codesOf(error.payload as never)]).toEqual([id, 'error', ['BAD_USER_INPUT']]);
      expect(server.market.opened).toHaveLength(0);
    });

    it('belongs to its connection: another may use the same', async () => {
      const other = await RawSocket.connect(server.wsUrl, server.bearer('VIEWER'));
      await watchPrices(socket, 'a');
      await watchPrices(other, 'a');
      pushPrice(server, '101');
      expect(await socket.next()).toEqual(priceFrame('a', '101'));
      expect(await other.next()).toEqual(priceFrame('a', '101'));
      other.close();
    });
  });

  describe('an id that is in use', () => {
    it.each([
      ['a stream by another', tickersDocument],
      ['a stream by a query', timeQuery],
      ['a stream by an operation that would be refused', 'subscription { nonsense }'],
    ])('cannot be used again: %s ends the socket with 4409, and its streams', async (_kind, document) => {
      await watchPrices(socket, 'other');
      await watchPrices(socket, 'a');
      socket.subscribe('a', document);
      const { code, reason } = await socket.closed;
      expect([code, reason]).toEqual([4409, expect.stringMatching(/^Subscriber .*already exists$/)]);
      await eventually(() => server.market.openCount === 0);
    });

    it('cannot be used again: a query that runs, by a stream: 4409, and no source opens', async () => {
      const gate = holdTicker(server);
      socket.subscribe('a', tickerQuery);
      socket.subscribe('a', tickersDocument);
      expect((await socket.closed).code).toBe(4409);
      gate.open();
      await eventually(() => server.market.openCount === 0);
    });

    it('cannot be used again: a stream that is opening, by another: 4409, and no source stays open', async () => {
      const gate = holdTickers(server);
      socket.subscribe('a', tickersDocument);
      socket.subscribe('a', tickersDocument);
      expect((await socket.closed).code).toBe(4409);
      gate.open();
      await eventually(() => server.market.openCount === 0);
    });

    it.each(unusualIds)('ends the socket with 4409, whatever it is: %j', async (id) => {
      await watchPrices(socket, id);
      socket.subscribe(id, tickersDocument);
      expect((await socket.closed).code).toBe(4409);
      await eventually(() => server.market.openCount === 0);
    });
  });

  describe('an id whose operation has ended', () => {
    it('is free: completed by the client', async () => {
      for (let round = 0; round < 5; round += 1) {
        await watchPrices(socket, 'a');
        socket.send({ id: 'a', type: 'complete' });
        expect(await messagesUntilPong(socket)).toEqual([]);
      }
      await watchPrices(socket, 'a');
      await eventually(() => server.market.openCount === 1);
    });

    it('is free: completed by the server', async () => {
      for (let round = 0; round < 5; round += 1) {
        socket.subscribe('a', timeQuery);
        expect(await socket.next()).toMatchObject({ id: 'a', type: 'next' });
        expect(await socket.next()).toEqual({ id: 'a', type: 'complete' });
      }
      await watchPrices(socket, 'a');
      pushPrice(server, '101');
      expect(await socket.next()).toEqual(priceFrame('a', '101'));
    });

    it('is free: ended by an error', async () => {
      for (let round = 0; round < 5; round += 1) {
        socket.subscribe('a', 'subscription { nonsense }');
        expect(await socket.next()).toMatchObject({ id: 'a', type: 'error' });
      }
      await watchPrices(socket, 'a');
    });
  });
});

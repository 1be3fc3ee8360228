import { eventually } from '../kit/eventually';
import {
  executionVariants,
  holdTicker,
  holdTickers,
  messagesUntilPong,
  priceFrame,
  pushPrice,
  sendTogether,
  tickerQuery,
  tickersDocument,
  watchPrices,
} from '../kit/protocol';
import { RawSocket } from '../kit/rawSocket';
import { TestServer } from '../kit/testServer';

const completeA = { id: 'a', type: 'complete' };

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

  describe('complete from the client', () => {
    it('during a stream ends it: no further event, no complete in return, and the others go on', async () => {
      await watchPrices(socket, 'a');
      await watchPrices(socket, 'b');
      socket.send(completeA);
      expect(await messagesUntilPong(socket)).toEqual([]);
      for (const last of ['101', '102', '103']) {
        pushPrice(server, last);
        expect(await socket.next()).toEqual(priceFrame('b', last));
      }
    });

    it('releases the source when nobody is left, without a further event', async () => {
      await watchPrices(socket, 'a');
      await watchPrices(socket, 'b');
      sendTogether(socket, [completeA, { id: 'b', type: 'complete' }]);
      await eventually(() => server.market.openCount === 0);
      expect(await messagesUntilPong(socket)).toEqual([]);
    });

    it('while the stream is opening ends it: nothing is sent on its id and no source stays open', async () => {
      const gate = holdTickers(server);
      socket.subscribe('a', tickersDocument);
      socket.send(completeA);
      expect(await messagesUntilPong(socket)).toEqual([]);
      gate.open();
      await watchPrices(socket, 'b');
      socket.send({ id: 'b', type: 'complete' });
      await eventually(() => server.market.openCount === 0);
      expect(await messagesUntilPong(socket)).toEqual([]);
    });

    it('together with the subscribe ends the stream before it begins', async () => {
      sendTogether(socket, [{ id: 'a', type: 'subscribe', payload: { query: tickersDocument } }, completeA]);
      expect(await messagesUntilPong(socket)).toEqual([]);
      await eventually(() => server.market.openCount === 0);
      await watchPrices(socket, 'b');
      pushPrice(server, '101');
      expect(await socket.next()).toEqual(priceFrame('b', '101'));
    });

    it('before a query has its result: the result is not sent', async () => {
      const gate = holdTicker(server);
      socket.subscribe('a', tickerQuery);
      socket.send(completeA);
      expect(await messagesUntilPong(socket)).toEqual([]);
      gate.open();
      socket.subscribe('b', tickerQuery);
      expect(await socket.next()).toMatchObject({ id: 'b', type: 'next' });
      expect(await socket.next()).toEqual({ id: 'b', type: 'complete' });
      expect(await messagesUntilPong(socket)).toEqual([]);
    });

    it('is ignored for an operation that the server has completed, and for one that ended by an error', async () => {
      await watchPrices(socket, 'a');
      await server.market.opened[0]!.return();
      expect(await socket.next()).toEqual(completeA);
      socket.send(completeA);
      socket.subscribe('b', 'subscription { nonsense }');
      expect(await socket.next()).toMatchObject({ id: 'b', type: 'error' });
      socket.send({ id: 'b', type: 'complete' });
      expect(await messagesUntilPong(socket)).toEqual([]);
    });

    it('at the same time as the end of the source: one of both ends the operation, once', async () => {
      await watchPrices(socket, 'a');
      socket.send(completeA);
      await server.market.opened[0]!.return();
      const completes = await messagesUntilPong(socket);
      expect([[], [completeA]]).toContainEqual(completes);
      await watchPrices(socket, 'a');
    });

    it('may come twice', async () => {
      await watchPrices(socket, 'a');
      sendTogether(socket, [completeA, completeA]);
      expect(await messagesUntilPong(socket)).toEqual([]);
      await eventually(() => server.market.openCount === 0);
    });
  });

  describe('the end of the socket', () => {
    it('by the client, with 1000, is answered with 1000 and releases every source', async () => {
      await watchPrices(socket, 'a');
      await watchPrices(socket, 'b');
      socket.socket.close(1000, 'Normal Closure');
      expect((await socket.closed).code).toBe(1000);
      await eventually(() => server.market.openCount === 0);
    });

    it('without a word releases every source', async () => {
      await watchPrices(socket, 'a');
      socket.close();
      await eventually(() => server.market.openCount === 0);
    });

    it('while a stream is opening leaves no source open', async () => {
      const gate = holdTickers(server);
      socket.subscribe('a', tickersDocument);
      expect(await messagesUntilPong(socket)).toEqual([]);
      socket.close();
      gate.open();
      const other = await RawSocket.connect(server.wsUrl, server.bearer('VIEWER'));
      await watchPrices(other, 'a');
      other.close();
      await eventually(() => server.market.openCount === 0);
    });

    it('may come from the server at any time: 1012 when it stops, and clients come back', async () => {
      await watchPrices(socket, 'a');
      const stopping = server.stop();
      expect(await socket.closed).toEqual({ code: 1012, reason: 'Service restart' });
      await stopping;
      expect(server.market.openCount).toBe(0);
      server = await TestServer.start(options);
    });
  });
});

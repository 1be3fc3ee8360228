import { eventually } from '../kit/eventually';
import {
  executionVariants,
  holdTicker,
  holdTickers,
  priceFrame,
  pushPrice,
  tickerQuery,
  tickersDocument,
  watchPrices,
  viewerOfEachTest,
} from '../kit/protocol';
import { RawSocket } from '../kit/rawSocket';

const completeA = { id: 'a', type: 'complete' };

describe.each(executionVariants)('graphql-transport-ws with %s', (_name, options) => {
  const viewer = viewerOfEachTest(options);

  describe('complete from the client', () => {
    it('during a stream ends it: no further event, no complete in return, and the others go on', async () => {
      await watchPrices(viewer.socket, 'a');
      await watchPrices(viewer.socket, 'b');
      viewer.socket.send(completeA);
      expect(await viewer.socket.messagesUntilPong()).toEqual([]);
      for (const last of ['101', '102', '103']) {
        pushPrice(viewer.server, last);
        expect(await viewer.socket.next()).toEqual(priceFrame('b', last));
      }
    });

    it('releases the source when nobody is left, without a further event', async () => {
      await watchPrices(viewer.socket, 'a');
      await watchPrices(viewer.socket, 'b');
      viewer.socket.sendTogether([completeA, { id: 'b', type: 'complete' }]);
      await eventually(() => viewer.server.market.openCount === 0);
      expect(await viewer.socket.messagesUntilPong()).toEqual([]);
    });

    it('while the stream is opening ends it: nothing is sent on its id and no source stays open', async () => {
      const gate = holdTickers(viewer.server);
      viewer.socket.subscribe('a', tickersDocument);
      viewer.socket.send(completeA);
      expect(await viewer.socket.messagesUntilPong()).toEqual([]);
      gate.open();
      await watchPrices(viewer.socket, 'b');
      viewer.socket.send({ id: 'b', type: 'complete' });
      await eventually(() => viewer.server.market.openCount === 0);
      expect(await viewer.socket.messagesUntilPong()).toEqual([]);
    });

    it('together with the subscribe ends the stream before it begins', async () => {
      viewer.socket.sendTogether([{ id: 'a', type: 'subscribe', payload: { query: tickersDocument } }, completeA]);
      expect(await viewer.socket.messagesUntilPong()).toEqual([]);
      await eventually(() => viewer.server.market.openCount === 0);
      await watchPrices(viewer.socket, 'b');
      pushPrice(viewer.server, '101');
      expect(await viewer.socket.next()).toEqual(priceFrame('b', '101'));
    });

    it('before a query has its result: the result is not sent', async () => {
      const gate = holdTicker(viewer.server);
      viewer.socket.subscribe('a', tickerQuery);
      viewer.socket.send(completeA);
      expect(await viewer.socket.messagesUntilPong()).toEqual([]);
      gate.open();
      viewer.socket.subscribe('b', tickerQuery);
      expect(await viewer.socket.next()).toMatchObject({ id: 'b', type: 'next' });
      expect(await viewer.socket.next()).toEqual({ id: 'b', type: 'complete' });
      expect(await viewer.socket.messagesUntilPong()).toEqual([]);
    });

    it('is ignored for an operation that the server has completed, and for one that ended by an error', async () => {
      await watchPrices(viewer.socket, 'a');
      await viewer.server.market.opened[0]!.return();
      expect(await viewer.socket.next()).toEqual(completeA);
      viewer.socket.send(completeA);
      viewer.socket.subscribe('b', 'subscription { nonsense }');
      expect(await viewer.socket.next()).toMatchObject({ id: 'b', type: 'error' });
      viewer.socket.send({ id: 'b', type: 'complete' });
      expect(await viewer.socket.messagesUntilPong()).toEqual([]);
    });

    it('at the same time as the end of the source: one of both ends the operation, once', async () => {
      await watchPrices(viewer.socket, 'a');
      viewer.socket.send(completeA);
      await viewer.server.market.opened[0]!.return();
      const completes = await viewer.socket.messagesUntilPong();
      expect([[], [completeA]]).toContainEqual(completes);
      await watchPrices(viewer.socket, 'a');
    });

    it('may come twice', async () => {
      await watchPrices(viewer.socket, 'a');
      viewer.socket.sendTogether([completeA, completeA]);
      expect(await viewer.socket.messagesUntilPong()).toEqual([]);
      await eventually(() => viewer.server.market.openCount === 0);
    });
  });

  describe('the end of the socket', () => {
    it('by the client, with 1000, is answered with 1000 and releases every source', async () => {
      await watchPrices(viewer.socket, 'a');
      await watchPrices(viewer.socket, 'b');
      viewer.socket.socket.close(1000, 'Normal Closure');
      expect((await viewer.socket.closed).code).toBe(1000);
      await eventually(() => viewer.server.market.openCount === 0);
    });

    it('without a word releases every source', async () => {
      await watchPrices(viewer.socket, 'a');
      viewer.socket.close();
      await eventually(() => viewer.server.market.openCount === 0);
    });

    it('while a stream is opening leaves no source open', async () => {
      const gate = holdTickers(viewer.server);
      viewer.socket.subscribe('a', tickersDocument);
      expect(await viewer.socket.messagesUntilPong()).toEqual([]);
      viewer.socket.close();
      gate.open();
      const other = await RawSocket.connect(viewer.server.wsUrl, viewer.server.bearer('VIEWER'));
      await watchPrices(other, 'a');
      other.close();
      await eventually(() => viewer.server.market.openCount === 0);
    });

    it('may come from the server at any time: 1012 when it stops, and clients come back', async () => {
      await watchPrices(viewer.socket, 'a');
      const stopping = viewer.server.stop();
      expect(await viewer.socket.closed).toEqual({ code: 1012, reason: 'Service restart' });
      await stopping;
      expect(viewer.server.market.openCount).toBe(0);
      await viewer.connect();
    });
  });
});

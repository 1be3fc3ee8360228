import { limits } from '../../src/security/limits';
import { eventually } from '../kit/eventually';
import {
  errorOf,
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
  const viewer = viewerOfEachTest(options);

  describe('an operation id', () => {
    it.each(unusualIds)('may be any text, and stands in every message of the operation: %j', async (id) => {
      await watchPrices(viewer.socket, id);
      pushPrice(viewer.server, '101');
      expect(await viewer.socket.next()).toEqual(priceFrame(id, '101'));
      await viewer.server.market.opened[0]!.return();
      expect(await viewer.socket.next()).toEqual({ id, type: 'complete' });
      viewer.socket.subscribe(id, timeQuery);
      expect(await viewer.socket.next()).toMatchObject({ id, type: 'next' });
      expect(await viewer.socket.next()).toEqual({ id, type: 'complete' });
      viewer.socket.subscribe(id, 'subscription { nonsense }');
      expect(await viewer.socket.next()).toMatchObject({ id, type: 'error' });
    });

    it('has a greatest length, because every frame repeats it: beyond, an error', async () => {
      const id = 'x'.repeat(maxOperationIdLength + 1);
      viewer.socket.subscribe(id, tickersDocument);
      expect(errorOf(await viewer.socket.next())).toEqual({ id, type: 'error', codes: ['BAD_USER_INPUT'] });
      expect(viewer.server.market.opened).toHaveLength(0);
    });

    it('belongs to its connection: another may use the same', async () => {
      const other = await RawSocket.connect(viewer.server.wsUrl, viewer.server.bearer('VIEWER'));
      await watchPrices(viewer.socket, 'a');
      await watchPrices(other, 'a');
      pushPrice(viewer.server, '101');
      expect(await viewer.socket.next()).toEqual(priceFrame('a', '101'));
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
      await watchPrices(viewer.socket, 'other');
      await watchPrices(viewer.socket, 'a');
      viewer.socket.subscribe('a', document);
      const { code, reason } = await viewer.socket.closed;
      expect([code, reason]).toEqual([4409, expect.stringMatching(/^Subscriber .*already exists$/)]);
      await eventually(() => viewer.server.market.openCount === 0);
    });

    it('cannot be used again: a query that runs, by a stream: 4409, and no source opens', async () => {
      const gate = holdTicker(viewer.server);
      viewer.socket.subscribe('a', tickerQuery);
      viewer.socket.subscribe('a', tickersDocument);
      expect((await viewer.socket.closed).code).toBe(4409);
      gate.open();
      await eventually(() => viewer.server.market.openCount === 0);
    });

    it('cannot be used again: a stream that is opening, by another: 4409, and no source stays open', async () => {
      const gate = holdTickers(viewer.server);
      viewer.socket.subscribe('a', tickersDocument);
      viewer.socket.subscribe('a', tickersDocument);
      expect((await viewer.socket.closed).code).toBe(4409);
      gate.open();
      await eventually(() => viewer.server.market.openCount === 0);
    });

    it.each(unusualIds)('ends the socket with 4409, whatever it is: %j', async (id) => {
      await watchPrices(viewer.socket, id);
      viewer.socket.subscribe(id, tickersDocument);
      expect((await viewer.socket.closed).code).toBe(4409);
      await eventually(() => viewer.server.market.openCount === 0);
    });
  });

  describe('an id whose operation has ended', () => {
    it('is free: completed by the client', async () => {
      for (let round = 0; round < 5; round += 1) {
        await watchPrices(viewer.socket, 'a');
        viewer.socket.send({ id: 'a', type: 'complete' });
        expect(await viewer.socket.messagesUntilPong()).toEqual([]);
      }
      await watchPrices(viewer.socket, 'a');
      await eventually(() => viewer.server.market.openCount === 1);
    });

    it('is free: completed by the server', async () => {
      for (let round = 0; round < 5; round += 1) {
        viewer.socket.subscribe('a', timeQuery);
        expect(await viewer.socket.next()).toMatchObject({ id: 'a', type: 'next' });
        expect(await viewer.socket.next()).toEqual({ id: 'a', type: 'complete' });
      }
      await watchPrices(viewer.socket, 'a');
      pushPrice(viewer.server, '101');
      expect(await viewer.socket.next()).toEqual(priceFrame('a', '101'));
    });

    it('is free: ended by an error', async () => {
      for (let round = 0; round < 5; round += 1) {
        viewer.socket.subscribe('a', 'subscription { nonsense }');
        expect(await viewer.socket.next()).toMatchObject({ id: 'a', type: 'error' });
      }
      await watchPrices(viewer.socket, 'a');
    });
  });
});

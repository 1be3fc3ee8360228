import { limits } from '../../src/security/limits';
import { eventually } from '../kit/eventually';
import { executionVariants, priceFrame, pushPrice, watchPrices } from '../kit/protocol';
import { RawSocket } from '../kit/rawSocket';
import { TestServer } from '../kit/testServer';

const query = '{ serverTime }';

function subscribe(message: Record<string, unknown>, payload: Record<string, unknown> = { query }): string {
  return JSON.stringify({ id: 'x', type: 'subscribe', payload, ...message });
}

/** Everything that is no message of a client. */
const invalidMessages: readonly (readonly [kind: string, message: string | Buffer])[] = [
  ['nothing', ''],
  ['no JSON', 'nonsense'],
  ['half of a message', '{"type":"ping"'],
  ['two messages in one', '{"type":"ping"}{"type":"ping"}'],
  ['bytes that are no JSON', Buffer.from([0, 1, 2, 0xff])],
  ['null', 'null'],
  ['a number', '1'],
  ['a text', '"ping"'],
  ['a list', '[{"type":"ping"}]'],
  ['no type', '{"id":"x"}'],
  ['an empty type', '{"type":""}'],
  ['a type that is no text', '{"type":1}'],
  ['an unknown type', '{"type":"nonsense"}'],
  ['a type in capitals', '{"type":"PING"}'],
  ['the name of a property that every object has', '{"type":"constructor"}'],
  ['a start of the protocol before', '{"id":"x","type":"start","payload":{"query":"{ serverTime }"}}'],
  ['a stop of the protocol before', '{"id":"x","type":"stop"}'],
  ['a connection_init whose payload is a text', '{"type":"connection_init","payload":"token"}'],
  ['a connection_init whose payload is a list', '{"type":"connection_init","payload":[]}'],
  ['a ping whose payload is a text', '{"type":"ping","payload":"x"}'],
  ['a ping whose payload is a list', '{"type":"ping","payload":[1]}'],
  ['a pong whose payload is a number', '{"type":"pong","payload":1}'],
  ['a subscribe without an id', subscribe({ id: undefined })],
  ['a subscribe with an empty id', subscribe({ id: '' })],
  ['a subscribe whose id is a number', subscribe({ id: 1 })],
  ['a subscribe whose id is null', subscribe({ id: null })],
  ['a subscribe without a payload', subscribe({ payload: undefined })],
  ['a subscribe whose payload is null', subscribe({ payload: null })],
  ['a subscribe whose payload is a list', subscribe({ payload: [query] })],
  ['a subscribe whose payload is a text', subscribe({ payload: query })],
  ['a subscribe without a query', subscribe({}, {})],
  ['a subscribe whose query is null', subscribe({}, { query: null })],
  ['a subscribe whose query is an object', subscribe({}, { query: { kind: 'Document' } })],
  ['a subscribe whose variables are a list', subscribe({}, { query, variables: [] })],
  ['a subscribe whose variables are a text', subscribe({}, { query, variables: '{}' })],
  ['a subscribe whose operationName is a number', subscribe({}, { query, operationName: 1 })],
  ['a subscribe whose operationName is an object', subscribe({}, { query, operationName: {} })],
  ['a subscribe whose extensions are a text', subscribe({}, { query, extensions: 'x' })],
  ['a subscribe whose extensions are a list', subscribe({}, { query, extensions: [] })],
  ['a complete without an id', '{"type":"complete"}'],
  ['a complete with an empty id', '{"id":"","type":"complete"}'],
  ['a complete whose id is a number', '{"id":1,"type":"complete"}'],
  ['a connection_ack, which only a server sends', '{"type":"connection_ack"}'],
  ['a next, which only a server sends', '{"id":"x","type":"next","payload":{"data":null}}'],
  ['an error, which only a server sends', '{"id":"x","type":"error","payload":[{"message":"x"}]}'],
];

describe.each(executionVariants)('graphql-transport-ws with %s', (_name, options) => {
  let server: TestServer;

  beforeAll(async () => {
    server = await TestServer.start(options);
  });

  afterAll(() => server.stop());

  describe('a message that is none', () => {
    it.each(invalidMessages)('ends the socket with 4400 before connection_init: %s', async (_kind, message) => {
      const socket = await RawSocket.open(server.wsUrl);
      socket.send(message);
      expect((await socket.closed).code).toBe(4400);
    });

    it.each(invalidMessages)('ends the socket with 4400 amid a stream, and the stream: %s', async (_kind, message) => {
      const socket = await RawSocket.connect(server.wsUrl, server.bearer('VIEWER'));
      await watchPrices(socket, 'a');
      socket.send(message);
      const { code, reason } = await socket.closed;
      expect(code).toBe(4400);
      expect(reason).not.toBe('');
      await eventually(() => server.market.openCount === 0);
    });

    it('ends no socket but its own', async () => {
      const other = await RawSocket.connect(server.wsUrl, server.bearer('VIEWER'));
      await watchPrices(other, 'a');
      const socket = await RawSocket.connect(server.wsUrl, server.bearer('VIEWER'));
      await watchPrices(socket, 'a');
      socket.send('nonsense');
      expect((await socket.closed).code).toBe(4400);
      pushPrice(server, '101');
      expect(await other.next()).toEqual(priceFrame('a', '101'));
      other.close();
    });
  });

  describe('a message', () => {
    it('may carry fields that nobody knows, and null where something may be left out', async () => {
      const socket = await RawSocket.open(server.wsUrl);
      socket.send({ type: 'connection_init', payload: null, foo: 1 });
      expect((await socket.next()).type).toBe('connection_ack');
      socket.send({ type: 'ping', payload: null, id: 'x', foo: [] });
      expect((await socket.next()).type).toBe('pong');
      const payload = { query, operationName: null, variables: null, extensions: null, foo: { bar: 1 } };
      socket.send({ id: 'a', type: 'subscribe', payload, foo: 'x' });
      expect(await socket.next()).toMatchObject({ id: 'a', type: 'next' });
      expect(await socket.next()).toEqual({ id: 'a', type: 'complete' });
      socket.send({ id: 'a', type: 'complete', payload: { foo: 1 } });
      expect(await socket.messagesUntilPong()).toEqual([]);
      socket.close();
    });

    it('may come in several frames, or in bytes instead of text', async () => {
      const socket = await RawSocket.connect(server.wsUrl);
      socket.socket.send('{"type":', { fin: false });
      socket.socket.send('"ping"}', { fin: true });
      expect((await socket.next()).type).toBe('pong');
      socket.send(Buffer.from('{"type":"ping"}'));
      expect((await socket.next()).type).toBe('pong');
      socket.close();
    });

    it('in text that is not UTF-8 ends the socket with 1007', async () => {
      const socket = await RawSocket.connect(server.wsUrl);
      socket.socket.send(Buffer.from([0xff, 0xfe]), { binary: false });
      expect((await socket.closed).code).toBe(1007);
    });

    it.each([
      ['whole', [limits.socket.maxPayloadBytes + 1]],
      ['in parts', [limits.socket.maxPayloadBytes, 1]],
    ])('may be as large as the limit; a byte more ends the socket with 1009: %s', async (_kind, partSizes) => {
      const socket = await RawSocket.connect(server.wsUrl);
      const frame = '{"type":"ping"}';
      socket.send(frame.padEnd(limits.socket.maxPayloadBytes));
      expect((await socket.next()).type).toBe('pong');
      let text = frame.padEnd(limits.socket.maxPayloadBytes + 1);
      for (const size of partSizes) {
        socket.socket.send(text.slice(0, size), { fin: size === text.length });
        text = text.slice(size);
      }
      expect((await socket.closed).code).toBe(1009);
    });

    it('for an id that never was, or has ended, is ignored', async () => {
      const socket = await RawSocket.connect(server.wsUrl);
      for (const id of ['never', '__proto__', 'x'.repeat(10_000)]) socket.send({ id, type: 'complete' });
      expect(await socket.messagesUntilPong()).toEqual([]);
      socket.close();
    });
  });
});

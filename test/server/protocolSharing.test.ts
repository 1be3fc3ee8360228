import { eventually } from '../kit/eventually';
import { holdTickers, priceFrame, pushPrice, tickersDocument, watchPrices } from '../kit/protocol';
import { RawSocket, type Message } from '../kit/rawSocket';
import { codesOf, TestServer } from '../kit/testServer';

const caps = { creditBytes: 500, maxMessagesPerMinute: 10 };

// What only a shared stream does; everything else is the same for every execution.
describe('a shared stream', () => {
  let server: TestServer;
  let socket: RawSocket;

  beforeEach(async () => {
    server = await TestServer.start({ caps });
    socket = await RawSocket.connect(server.wsUrl, server.bearer('VIEWER'));
    await watchPrices(socket, 'a');
  });

  afterEach(async () => {
    socket.close();
    await server.stop();
  });

  /** The next message that is no ping; pings are answered. */
  async function nextEvent(): Promise<Message> {
    for (;;) {
      const message = await socket.next();
      if (message.type !== 'ping') return message;
      socket.send({ type: 'pong' });
    }
  }

  it('asks its reader for a sign of life now and then, by a ping; answers are no messages of his own', async () => {
    for (let price = 101; price < 200; price += 1) {
      pushPrice(server, String(price));
      expect(await nextEvent()).toEqual(priceFrame('a', String(price)));
    }
  });

  it('tells only the newest to a reader who leaves two pings unanswered, as soon as he answers one', async () => {
    let price = 101;
    for (let pings = 0; ; price += 1) {
      pushPrice(server, String(price));
      // A ping comes in one write with the price before it; behind the second, nothing comes.
      let message = await socket.next();
      if (message.type === 'ping') pings += 1;
      if (pings === 2) break;
      if (message.type === 'ping') message = await socket.next();
      expect(message).toEqual(priceFrame('a', String(price)));
    }
    for (let count = 0; count < 20; count += 1) {
      pushPrice(server, String(++price));
      // The stand-in keeps what comes faster than once a turn.
      for (let turns = 0; turns < 2; turns += 1) await new Promise((resolve) => setImmediate(resolve));
    }
    socket.send({ type: 'pong' });
    expect(await nextEvent()).toEqual(priceFrame('a', String(price)));
    pushPrice(server, '1');
    expect(await nextEvent()).toEqual(priceFrame('a', '1'));
  });

  it('counts a pong that nobody asked for as a message: 4422 beyond the limit', async () => {
    // connection_init and subscribe were the first two.
    for (let sent = 2; sent <= caps.maxMessagesPerMinute; sent += 1) socket.send({ type: 'pong' });
    expect((await socket.closed).code).toBe(4422);
  });

  it('lets an id go with its complete: a subscribe right behind it begins anew', async () => {
    const again = { id: 'a', type: 'subscribe', payload: { query: tickersDocument } };
    socket.sendTogether([{ id: 'a', type: 'complete' }, again]);
    expect(await socket.next()).toMatchObject({ id: 'a', type: 'next' });
    pushPrice(server, '101');
    expect(await socket.next()).toEqual(priceFrame('a', '101'));
    expect(server.market.openCount).toBe(1);
  });

  it('lets an id go with its complete while the stream is opening too: only what came last is read', async () => {
    const subscribe = { id: 'b', type: 'subscribe', payload: { query: tickersDocument } };
    socket.sendTogether([subscribe, { id: 'b', type: 'complete' }, subscribe]);
    expect(await socket.next()).toMatchObject({ id: 'b', type: 'next' });
    socket.send({ id: 'a', type: 'complete' });
    expect(await socket.messagesUntilPong()).toEqual([]);
    pushPrice(server, '101');
    expect(await socket.next()).toEqual(priceFrame('b', '101'));
    expect(await socket.messagesUntilPong()).toEqual([]);
  });
});

describe('a shared stream that is completed while it is opening', () => {
  it('keeps its place until it has opened: no more open at a time than a socket may have operations', async () => {
    const server = await TestServer.start({ caps: { maxOperationsPerSocket: 3 } });
    const socket = await RawSocket.connect(server.wsUrl, server.bearer('VIEWER'));
    const gate = holdTickers(server);
    const subscribe = { id: 'a', type: 'subscribe', payload: { query: tickersDocument } };
    const rounds = Array.from({ length: 4 }, () => [subscribe, { id: 'a', type: 'complete' }]);
    socket.sendTogether(rounds.flat());
    const { payload } = await socket.next();
    expect(codesOf(payload as never)).toEqual(['TOO_MANY_SUBSCRIPTIONS']);
    expect(await socket.messagesUntilPong()).toEqual([]);
    gate.open();
    await eventually(async () => {
      socket.send(subscribe);
      return (await socket.next()).type === 'next';
    });
    await eventually(() => server.market.openCount === 1);
    socket.close();
    await server.stop();
  });
});

import { createHash } from 'node:crypto';
import { collectedBytes } from '../kit/collectedHeap';
import { hostileDocuments, toRequestText } from '../kit/hostileDocuments';
import { RawSocket } from '../kit/rawSocket';
import { codesOf, TestServer } from '../kit/testServer';

let server: TestServer;
let authorization: string;

beforeAll(async () => {
  server = await TestServer.start({ caps: { maxMessagesPerMinute: 10_000 } });
  authorization = server.bearer('TRADER');
});

afterAll(() => server.stop());

afterEach(() => {
  // Refused before execution: no service was asked for anything.
  expect([server.market.calls, server.market.opened.length]).toEqual([0, 0]);
});

describe('a hostile document over HTTP', () => {
  it.each(hostileDocuments)('is refused before it runs: $name', async ({ query, variables, code }) => {
    const answer = await server.post(toRequestText({ query, variables }), { authorization });
    expect(answer.codes[0] ?? null).toBe(code);
    expect(answer.status).toBeGreaterThanOrEqual(400);
    expect(answer.status).toBeLessThan(500);
    expect(answer.body.data ?? null).toBeNull();
  });
});

describe('a hostile document over the WebSocket', () => {
  const small = hostileDocuments.filter((document) => document.isOverSocketPayload !== true);
  const large = hostileDocuments.filter((document) => document.isOverSocketPayload === true);

  it.each(small)('is refused on its id, and the socket stays: $name', async ({ query, variables, code }) => {
    const socket = await RawSocket.connect(server.wsUrl, authorization);
    socket.send(toRequestText({ id: 'bad', type: 'subscribe', payload: { query, variables } }));
    const message = await socket.next();
    expect([message.type, message.id, codesOf(message.payload as never)[0]]).toEqual(['error', 'bad', code]);
    socket.subscribe('good', '{ serverTime }');
    expect((await socket.next()).id).toBe('good');
    socket.close();
  });

  it.each(large)('closes the socket that sends it with 1009: $name', async ({ query }) => {
    const socket = await RawSocket.connect(server.wsUrl, authorization);
    socket.subscribe('bad', query);
    expect((await socket.closed).code).toBe(1009);
  });

  it('says the same as HTTP', async () => {
    for (const { query, variables, isOverSocketPayload } of hostileDocuments) {
      if (isOverSocketPayload === true) continue;
      const overHttp = await server.post(toRequestText({ query, variables }), { authorization });
      const socket = await RawSocket.connect(server.wsUrl, authorization);
      socket.send(toRequestText({ id: '1', type: 'subscribe', payload: { query, variables } }));
      expect(codesOf((await socket.next()).payload as never)).toEqual(overHttp.codes);
      socket.close();
    }
  });
});

describe('a document just within the limits', () => {
  const deepest =
    '{ __type(name: "Ticker") { ...A } } fragment A on __Type { ofType { ofType { ...B } } } fragment B on __Type { ofType { ofType { ...C } } } fragment C on __Type { ofType { ofType { name } } }';

  it.each([
    ['eight levels of fields, cut into fragments', deepest],
    ['15 aliases', `{ ${Array.from({ length: 15 }, (_, index) => `a${index}: serverTime`).join(' ')} }`],
    ['20 directives', `{ ${'serverTime @skip(if: false) '.repeat(20)} }`],
    ['one field 20 times', `{ ${'serverTime '.repeat(20)} }`],
  ])('passes: %s', async (_name, query) => {
    expect((await server.post({ query }, { authorization })).codes).toEqual([]);
  });
});

describe('what surrounds a document', () => {
  it('refuses a batch', async () => {
    const answer = await server.post([{ query: '{ serverTime }' }, { query: '{ serverTime }' }], { authorization });
    expect([answer.status, answer.codes]).toEqual([400, ['BATCH_REFUSED']]);
  });

  it.each([
    ['JSON that is cut off', '{"query": "{ serverTime }"'],
    ['no JSON at all', 'query=%7BserverTime%7D'],
    ['JSON that is no object', '"query"'],
    ['null', 'null'],
    ['a query that is no text', '{"query": 1}'],
    ['variables that are no object', '{"query": "{ serverTime }", "variables": "x"}'],
    ['bytes that are not UTF-8', Buffer.from([0x7b, 0x22, 0x71, 0xff, 0xfe, 0x22, 0x7d])],
    [
      'UTF-8 that stops in the middle of a character',
      Buffer.concat([Buffer.from('{"query":"{ serverTime } # '), Buffer.from([0xe2, 0x82]), Buffer.from('"}')]),
    ],
  ])('refuses %s', async (_name, body) => {
    const answer = await server.post(body, { authorization });
    expect([answer.status, answer.codes]).toEqual([400, ['BAD_REQUEST']]);
  });

  it('refuses variables that are too large', async () => {
    const answer = await server.post(
      { query: '{ serverTime }', variables: { a: 'x'.repeat(65_536) } },
      { authorization },
    );
    expect([answer.status, answer.codes]).toEqual([400, ['QUERY_TOO_LARGE']]);
  });

  it('refuses a number that JSON can say and nobody can hold, also where the same was asked with null before', async () => {
    const query = 'query ($first: Int) { markets(first: $first) { id } }';
    const ask = (first: string) =>
      server.post(`{"query":"${query}","variables":{"first":${first}}}`, { authorization });
    expect((await ask('null')).codes).toEqual([]);
    server.market.calls = 0;
    for (const first of ['1e400', '-1e400', '[[1e999]]']) expect((await ask(first)).codes).toEqual(['BAD_USER_INPUT']);
  });

  it('refuses a body that a web page could send without asking first', async () => {
    const answer = await server.post(JSON.stringify({ query: '{ serverTime }' }), {
      headers: { 'content-type': 'text/plain' },
    });
    expect([answer.status, answer.codes]).toEqual([400, ['BAD_REQUEST']]);
  });

  it('learns no persisted query from a client, and says so as clients expect', async () => {
    const extensions = {
      persistedQuery: { version: 1, sha256Hash: createHash('sha256').update('{ serverTime }').digest('hex') },
    };
    const answer = await server.post({ query: '{ serverTime }', extensions }, { authorization });
    expect(answer.codes).toEqual(['PERSISTED_QUERY_NOT_SUPPORTED']);
    const byHash = await server.post({ extensions }, { authorization });
    expect([byHash.status, byHash.codes]).toEqual([400, ['PERSISTED_QUERY_NOT_SUPPORTED']]);
  });

  it('has no GET', async () => {
    const response = await fetch(`${server.httpUrl}/graphql?query=%7BserverTime%7D`);
    expect(response.status).toBe(404);
  });

  it('refuses a subscription over HTTP and a mutation over the WebSocket', async () => {
    const answer = await server.post(
      { query: 'subscription { trades(markets: ["simulator:BTC/USDT"]) { meta { seq } } }' },
      { authorization },
    );
    expect(answer.codes).toEqual(['BAD_USER_INPUT']);
    const socket = await RawSocket.connect(server.wsUrl, authorization);
    socket.subscribe('1', 'mutation { cancelOrder(id: "a") { replayed } }');
    expect(codesOf((await socket.next()).payload as never)).toEqual(['BAD_USER_INPUT']);
    socket.close();
  });

  it('answers an operation name that is not in the document', async () => {
    const answer = await server.post({ query: 'query A { serverTime }', operationName: 'B' }, { authorization });
    expect([answer.status, answer.codes]).toEqual([400, ['BAD_USER_INPUT']]);
  });

  it('gives no names of the schema away', async () => {
    const overHttp = await server.post({ query: '{ serverTim marke }' }, { authorization });
    const socket = await RawSocket.connect(server.wsUrl, authorization);
    socket.subscribe('1', '{ serverTim marke }');
    const overSocket = JSON.stringify(await socket.next());
    socket.close();
    expect(`${JSON.stringify(overHttp.body)} ${overSocket}`).not.toMatch(/did you mean|serverTime/i);
  });

  it('stays healthy', async () => {
    expect((await fetch(`${server.httpUrl}/livez`)).status).toBe(200);
    expect((await server.post({ query: '{ serverTime }' }, { authorization })).codes).toEqual([]);
  });
});

describe('a thousand documents of too many tokens or bytes', () => {
  /** Each another one, of nearly as much text as may be sent. */
  const documentOf = (index: number): string => {
    const filling = `#${String(index).padEnd(15_000, 'x')}\n`;
    return index % 2 === 0 ? `${filling}{ ${'a '.repeat(999)} }` : `${filling}{ serverTime } #${'y'.repeat(2_000)}`;
  };

  it('leave nothing behind in memory, over HTTP and over the WebSocket', async () => {
    const socket = await RawSocket.connect(server.wsUrl, authorization);
    // Now and then the server asks whether its reader has come that far.
    const answerTo = async (id: string): Promise<readonly unknown[]> => {
      for (;;) {
        const message = await socket.next();
        if (message.id === id) return codesOf(message.payload as never);
      }
    };
    const send = async (from: number, to: number): Promise<void> => {
      for (let index = from; index < to; index += 1) {
        const query = documentOf(index);
        const overHttp = await server.post({ query }, { authorization });
        expect([overHttp.status, overHttp.codes]).toEqual([400, ['QUERY_TOO_LARGE']]);
        socket.subscribe(String(index), query);
        expect(await answerTo(String(index))).toEqual(['QUERY_TOO_LARGE']);
      }
    };
    await send(0, 60);
    const before = await collectedBytes();
    await send(60, 560);
    // Their text alone would be 16 MB, and what they are parsed into many times that.
    expect((await collectedBytes()) - before).toBeLessThan(6_000_000);
    socket.close();
  });
});

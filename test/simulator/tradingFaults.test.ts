import { createHmac } from 'node:crypto';
import { openExchangeSocket, until, type ExchangeSocket } from '../kit/exchangeSocket';
import { startSimulator, type RunningSimulator, type SimulatorState } from '../kit/simulator';

interface Key {
  readonly name: string;
  readonly apiKey: string;
  readonly secret: string;
}

interface Ledger {
  readonly accounts: readonly [
    {
      readonly spot: {
        readonly orders: readonly {
          readonly clientOrderId: string;
          readonly orderId: number;
          readonly status: string;
        }[];
        readonly trades: readonly { readonly clientOrderId: string; readonly qty: string }[];
        readonly differences: readonly object[];
      };
      readonly repeatedClientIds: readonly { readonly clientOrderId: string; readonly orders: readonly object[] }[];
    },
  ];
}

const path = '/api/v3/order';
const small = { symbol: 'BTCUSDT', side: 'BUY', type: 'MARKET', quantity: '0.0002' };

describe('faults of the order path', () => {
  let simulator: RunningSimulator;
  let key: Key;
  let ids = 0;
  const sockets: ExchangeSocket[] = [];

  beforeAll(async () => {
    simulator = await startSimulator({ seed: 'order faults', args: ['--weight-limit', '1000000'] });
    const { accounts } = (await simulator.state()) as SimulatorState & { accounts: readonly Key[] };
    key = accounts.find(({ name }) => name === 'trader')!;
  });

  afterEach(async () => {
    await simulator.control('DELETE', 'faults');
    await simulator.control('DELETE', 'held');
    for (const { socket } of sockets.splice(0)) socket.terminate();
  });

  afterAll(() => simulator.stop());

  const inject = (fault: object) => simulator.control('POST', 'faults', { path, method: 'POST', ...fault });
  const newId = (): string => `fault-${(ids += 1)}`;

  function sign(parameters: Record<string, string>): string {
    const query = new URLSearchParams({ ...parameters, timestamp: String(Date.now()) }).toString();
    return `${query}&signature=${createHmac('sha256', key.secret).update(query).digest('hex')}`;
  }

  function send(parameters: Record<string, string>, timeoutMs = 5000): Promise<Response> {
    return fetch(`${simulator.restUrl}${path}`, {
      method: 'POST',
      headers: { 'X-MBX-APIKEY': key.apiKey, 'Content-Type': 'application/x-www-form-urlencoded' },
      body: sign(parameters),
      signal: AbortSignal.timeout(timeoutMs),
    });
  }

  async function ledger(): Promise<Ledger['accounts'][0]> {
    return ((await simulator.control('GET', 'ledger?account=trader')) as Ledger).accounts[0];
  }

  async function ordersOf(clientOrderId: string) {
    return (await ledger()).spot.orders.filter((order) => order.clientOrderId === clientOrderId);
  }

  async function listen(): Promise<ExchangeSocket> {
    const socket = await openExchangeSocket(`${simulator.wsUrl}/ws-api/v3`);
    sockets.push(socket);
    const params = { apiKey: key.apiKey, timestamp: String(Date.now()) };
    const text = Object.entries(params)
      .map((pair) => pair.join('='))
      .join('&');
    const signature = createHmac('sha256', key.secret).update(text).digest('hex');
    socket.send({ id: 1, method: 'userDataStream.subscribe.signature', params: { ...params, signature } });
    await socket.next();
    return socket;
  }

  async function nextReports(socket: ExchangeSocket, count: number): Promise<string[]> {
    const reports: string[] = [];
    while (reports.length < count) {
      const { event } = JSON.parse(await socket.next()) as { event: { e: string; x: string; c: string } };
      if (event.e === 'executionReport') reports.push(event.x);
    }
    return reports;
  }

  it.each([
    ['bad-gateway', 502],
    ['unavailable', 503],
    ['unexpected', 500],
    ['timeout', 500],
    ['truncated', 200],
    ['wrong-types', 200],
    ['huge', 200],
    ['garbage', 200],
    ['empty', 200],
    ['rate-limit', 429],
  ])('answers %s whether it has carried the order out or not', async (kind, status) => {
    for (const executes of [true, false]) {
      const newClientOrderId = newId();
      await inject({ kind, executes, count: 1 });
      const response = await send({ ...small, newClientOrderId });
      expect(response.status).toBe(status);
      const body = await response.text();
      expect(body).not.toContain('"status":"FILLED"');
      if (kind === 'huge') expect(body.length).toBeGreaterThan(10_000_000);
      expect(await ordersOf(newClientOrderId)).toHaveLength(executes ? 1 : 0);
    }
  });

  it.each([
    ['reply-lost', 'TimeoutError'],
    ['reply-cut', 'TypeError'],
  ])('carries an order out and gives no answer: %s', async (kind, failure) => {
    const newClientOrderId = newId();
    await inject({ kind, count: 1 });
    await expect(send({ ...small, newClientOrderId }, 500)).rejects.toMatchObject({ name: failure });
    expect(await ordersOf(newClientOrderId)).toMatchObject([{ status: 'FILLED' }]);
  });

  it('holds an order before it is carried out until it is released', async () => {
    const newClientOrderId = newId();
    await inject({ kind: 'hold', holdAt: 'before', count: 1 });
    const answer = send({ ...small, newClientOrderId });
    await until(async () => ((await simulator.control('GET', 'held')) as unknown[]).length === 1, 'it is held');
    expect(await simulator.control('GET', 'held')).toMatchObject([
      { at: 'before', content: expect.stringContaining(newClientOrderId) as string },
    ]);
    expect(await ordersOf(newClientOrderId)).toHaveLength(0);
    expect(await simulator.control('POST', 'held/release')).toEqual({ released: 1 });
    expect((await answer).status).toBe(200);
    expect(await ordersOf(newClientOrderId)).toHaveLength(1);
  });

  it('holds an order after it has been carried out, and carries out what was held for a client that is gone', async () => {
    const [accepted, sent] = [newId(), newId()];
    await inject({ kind: 'hold', holdAt: 'after', content: `*${accepted}*` });
    await inject({ kind: 'hold', holdAt: 'before', content: `*${sent}*` });
    const given = [accepted, sent].map((newClientOrderId) => send({ ...small, newClientOrderId }, 500));
    await Promise.all(given.map((answer) => expect(answer).rejects.toMatchObject({ name: 'TimeoutError' })));
    expect([await ordersOf(accepted), await ordersOf(sent)]).toMatchObject([[{ status: 'FILLED' }], []]);
    await simulator.control('POST', 'held/release');
    await until(async () => (await ordersOf(sent)).length === 1, 'the late order');
  });

  it('forgets a held order, which is then never carried out', async () => {
    const newClientOrderId = newId();
    await inject({ kind: 'hold', holdAt: 'before', count: 1 });
    const answer = send({ ...small, newClientOrderId });
    await until(async () => ((await simulator.control('GET', 'held')) as unknown[]).length === 1, 'it is held');
    await Promise.all([
      expect(answer).rejects.toMatchObject({ name: 'TypeError' }),
      simulator.control('DELETE', 'held'),
    ]);
    expect(await ordersOf(newClientOrderId)).toHaveLength(0);
  });

  it('refuses an order that was delayed until its signature was too old', async () => {
    const newClientOrderId = newId();
    await inject({ kind: 'slow', delayBeforeMs: 300, delayMs: 0, count: 1 });
    const answer = (await (await send({ ...small, newClientOrderId, recvWindow: '100' })).json()) as { code: number };
    expect(answer.code).toBe(-1021);
    expect(await ordersOf(newClientOrderId)).toHaveLength(0);
  });

  it('takes the same share of calls for the same seed', async () => {
    const course = async (): Promise<number[]> => {
      await inject({ kind: 'unavailable', executes: false, probability: 0.4, seed: 'share' });
      const statuses: number[] = [];
      for (let i = 0; i < 40; i += 1) statuses.push((await send({ ...small, newClientOrderId: newId() })).status);
      await simulator.control('DELETE', 'faults');
      return statuses;
    };
    const first = await course();
    expect(first.filter((status) => status === 503).length).toBeGreaterThan(5);
    expect(first.filter((status) => status === 200).length).toBeGreaterThan(5);
    expect(await course()).toEqual(first);
  });

  it('knows an order that was sent twice by its client id, although the exchange took both', async () => {
    const newClientOrderId = newId();
    for (let i = 0; i < 2; i += 1) expect((await send({ ...small, newClientOrderId })).status).toBe(200);
    const { repeatedClientIds, spot } = await ledger();
    expect(repeatedClientIds).toMatchObject([{ clientOrderId: newClientOrderId, orders: [{}, {}] }]);
    expect(spot.differences).toEqual([]);
  });

  describe('account events', () => {
    it('come as often as a fault says', async () => {
      const socket = await listen();
      await simulator.control('POST', 'faults', {
        kind: 'duplicate',
        stream: 'userData',
        content: '*"x":"TRADE"*',
        times: 3,
      });
      await send({ ...small, newClientOrderId: newId() });
      expect(await nextReports(socket, 4)).toEqual(['NEW', 'TRADE', 'TRADE', 'TRADE']);
    });

    it('come in another order', async () => {
      const socket = await listen();
      const fault = { kind: 'reorder', stream: 'userData', content: '*"x":"NEW"*', delayMs: 60_000 };
      await simulator.control('POST', 'faults', fault);
      await send({ ...small, newClientOrderId: newId() });
      expect(await nextReports(socket, 2)).toEqual(['TRADE', 'NEW']);
    });

    it('come in their order where nothing overtakes them, only later', async () => {
      const socket = await listen();
      const fault = {
        kind: 'reorder',
        stream: 'userData',
        content: '*executionReport*',
        delayMs: 50,
        behind: 99,
        count: 2,
      };
      await simulator.control('POST', 'faults', fault);
      await send({ ...small, newClientOrderId: newId() });
      expect(await nextReports(socket, 2)).toEqual(['NEW', 'TRADE']);
    });

    it('come after the answer, or before it', async () => {
      const socket = await listen();
      await simulator.control('POST', 'faults', { kind: 'delay', stream: 'userData', delayMs: 300, count: 10 });
      await send({ ...small, newClientOrderId: newId() });
      expect(socket.unread()).toBe(0);
      expect(await nextReports(socket, 2)).toEqual(['NEW', 'TRADE']);
      await simulator.control('DELETE', 'faults');
      await inject({ kind: 'slow', delayMs: 300, count: 1 });
      const answer = send({ ...small, newClientOrderId: newId() }).then(() => 'answer');
      expect(await Promise.race([answer, nextReports(socket, 2).then(() => 'reports')])).toBe('reports');
      await answer;
    });

    it('do not come at all', async () => {
      const socket = await listen();
      await simulator.control('POST', 'faults', { kind: 'gap', stream: 'userData', content: '*"x":"TRADE"*' });
      await send({ ...small, newClientOrderId: newId() });
      await simulator.control('DELETE', 'faults');
      await send({ ...small, newClientOrderId: newId() });
      expect(await nextReports(socket, 3)).toEqual(['NEW', 'NEW', 'TRADE']);
    });
  });
});

import { eventually } from '../../kit/eventually';
import { inspect } from 'node:util';
import type { OrderTerms } from '../../../src/domain/orders';
import type { SendOutcome, TradingPort } from '../../../src/exchanges/tradingPort';
import { credentialsOf, decimal, openAccount, orderTerms } from '../../kit/tradingAccount';
import { filledAnswer, OrderServer } from './orderServer';

const credentials = credentialsOf({ apiKey: 'key-of-the-account', secret: 'secret-of-the-account' });

describe('sending an order', () => {
  let server: OrderServer;
  let urls: Awaited<ReturnType<OrderServer['listen']>>;
  let port: TradingPort;

  beforeEach(async () => {
    server = new OrderServer();
    urls = await server.listen();
    port = openAccount(urls, credentials);
  });

  /** From now on the answer to an order is waited for a second; the markets, which a busy machine loads slowly, are loaded before. */
  async function becomeImpatient(): Promise<void> {
    await port.close();
    port = openAccount(urls, credentials, { answerTimeoutMs: 1_000 });
    await eventually(() =>
      port.clockSkewMs().then(
        () => true,
        () => false,
      ),
    );
  }

  afterEach(async () => {
    await port.close();
    await server.close();
  });

  const place = (changes: Partial<OrderTerms> = {}, signedAt = Date.now()) =>
    port.placeOrder({ clientOrderId: 'tg-1', terms: orderTerms(changes), signedAt });

  it('hands over the order as it is, signed with the time that the caller wrote down', async () => {
    server.answer = ({ fields, response }) => response.end(JSON.stringify(filledAnswer(fields)));
    // Loads ccxt and the markets, which may take longer than a signature is good for.
    await port.clockSkewMs();
    const signedAt = Date.now() - 1234;
    // ccxt by itself would cut the amount to the step of the market.
    const outcome = await place({ amount: decimal('0.001000001') }, signedAt);
    expect(outcome).toMatchObject({
      kind: 'accepted',
      report: { exchangeOrderId: '28', clientOrderId: 'tg-1', status: 'CLOSED' },
    });
    expect(server.orders).toHaveLength(1);
    expect(Object.fromEntries(server.orders[0]!)).toMatchObject({
      symbol: 'BTCUSDT',
      side: 'BUY',
      type: 'MARKET',
      quantity: '0.001000001',
      newClientOrderId: 'tg-1',
      newOrderRespType: 'FULL',
      timestamp: String(signedAt),
      recvWindow: '5000',
    });
  });

  it.each<[string, Partial<OrderTerms>, Record<string, string>]>([
    [
      'a cost',
      { amount: null, quoteAmount: decimal('100.12345678') },
      { type: 'MARKET', quoteOrderQty: '100.12345678' },
    ],
    ['a limit', limit({ timeInForce: 'IOC' }), { type: 'LIMIT', price: '60000.001', timeInForce: 'IOC' }],
    ['a limit that only rests', limit({ timeInForce: 'POST_ONLY' }), { type: 'LIMIT_MAKER', price: '60000.001' }],
    ['a stop', { type: 'STOP', triggerPrice: decimal('70000') }, { type: 'STOP_LOSS', stopPrice: '70000' }],
    [
      'a stop with a limit',
      { ...limit({}), type: 'STOP_LIMIT', triggerPrice: decimal('70000') },
      { type: 'STOP_LOSS_LIMIT', stopPrice: '70000', price: '60000.001', timeInForce: 'GTC' },
    ],
    [
      'a take profit',
      { type: 'TAKE_PROFIT', triggerPrice: decimal('50000') },
      { type: 'TAKE_PROFIT', stopPrice: '50000' },
    ],
    [
      'a take profit with a limit',
      { ...limit({}), type: 'TAKE_PROFIT_LIMIT', triggerPrice: decimal('50000') },
      { type: 'TAKE_PROFIT_LIMIT', stopPrice: '50000', price: '60000.001', timeInForce: 'GTC' },
    ],
    [
      'a trailing stop',
      { type: 'TRAILING_STOP', trailingDelta: decimal('0.015') },
      { type: 'STOP_LOSS', trailingDelta: '150' },
    ],
  ])('says %s in Binance’s words', async (_what, terms, fields) => {
    server.replyWith(400, { code: -2010, msg: 'Account has insufficient balance for requested action.' });
    await place(terms);
    expect(Object.fromEntries(server.orders[0]!)).toMatchObject(fields);
    expect([...server.orders[0]!.keys()].filter((name) => !expectedNames.includes(name))).toEqual([]);
  });

  it.each<[number, number, string, string]>([
    [400, -1013, 'Filter failure: LOT_SIZE', 'MARKET_RULE_VIOLATED'],
    [400, -1013, 'Filter failure: MAX_NUM_ORDERS', 'TOO_MANY_ORDERS'],
    [400, -1013, 'Market is closed.', 'MARKET_CLOSED'],
    [429, -1015, 'Too many new orders; current limit is 50 orders per 10 SECOND.', 'EXCHANGE_RATE_LIMITED'],
    [400, -1015, 'Too many new orders; current limit is 50 orders per 10 SECOND.', 'TOO_MANY_ORDERS'],
    [429, -1003, 'Too much request weight used', 'EXCHANGE_RATE_LIMITED'],
    [418, -1003, 'Way too much request weight used; IP banned until 1700000000000.', 'EXCHANGE_RATE_LIMITED'],
    [400, -1021, 'Timestamp for this request is outside of the recvWindow.', 'CLOCK_SKEWED'],
    [400, -1022, 'Signature for this request is not valid.', 'NOT_PERMITTED'],
    [400, -1100, 'Illegal characters found in a parameter.', 'EXCHANGE_REFUSED'],
    [400, -1111, 'Parameter has too much precision.', 'MARKET_RULE_VIOLATED'],
    [400, -1121, 'Invalid symbol.', 'MARKET_CLOSED'],
    [400, -2010, 'Duplicate order sent.', 'DUPLICATE_CLIENT_ORDER_ID'],
    [400, -2010, 'Account has insufficient balance for requested action.', 'INSUFFICIENT_BALANCE'],
    [400, -2010, 'Order would immediately match and take.', 'WOULD_TAKE'],
    [400, -2010, 'Stop price would trigger immediately.', 'WOULD_TRIGGER'],
    [400, -2010, 'The market is closed.', 'MARKET_CLOSED'],
    [400, -2010, 'This action is disabled on this account.', 'NOT_PERMITTED'],
    [400, -2010, 'Something new.', 'EXCHANGE_REFUSED'],
    [401, -2015, 'Invalid API-key, IP, or permissions for action.', 'NOT_PERMITTED'],
    [400, -2019, 'Margin is insufficient.', 'INSUFFICIENT_BALANCE'],
    [400, -2021, 'Order would immediately trigger.', 'WOULD_TRIGGER'],
    [400, -2022, 'ReduceOnly Order is rejected.', 'REDUCE_ONLY_REFUSED'],
    [400, -4116, 'ClientOrderId is duplicated.', 'DUPLICATE_CLIENT_ORDER_ID'],
    [400, -4164, 'Order’s notional must be no smaller than 5.', 'MARKET_RULE_VIOLATED'],
    [400, -5022, 'Post Only order will be rejected.', 'WOULD_TAKE'],
  ])('is refused by %i %i "%s" as %s', async (status, code, msg, refusal) => {
    server.replyWith(status, { code, msg });
    expect(await place()).toMatchObject({
      kind: 'refused',
      code: refusal,
      message: expect.stringContaining(msg) as string,
    });
    expect(server.orders).toHaveLength(1);
  });

  it.each<[number, number | null, string]>([
    [500, -1000, 'An unknown error occurred while processing the request.'],
    [503, -1008, 'Server is currently overloaded with other requests.'],
    [504, -1007, 'Timeout waiting for response from backend server. Send status unknown; execution status unknown.'],
    [400, -1006, 'An unexpected response was received from the message bus. Execution status unknown.'],
    [400, -1007, 'Timeout waiting for response from backend server.'],
    [400, -1000, 'An unknown error occurred while processing the request.'],
    [400, -1001, 'Internal error; unable to process your request.'],
    [500, -2010, 'Account has insufficient balance for requested action.'],
    [400, -9999, 'A code of tomorrow.'],
    [400, null, 'No code at all.'],
    [403, null, 'Forbidden'],
  ])('has an unknown outcome after %i %s', async (status, code, msg) => {
    server.replyWith(status, code === null ? { msg } : { code, msg });
    expect(await place()).toMatchObject({ kind: 'unknown' });
    expect(server.orders).toHaveLength(1);
  });

  it.each<[string, string | object]>([
    ['nothing', ''],
    ['half of it', '{"symbol":"BTCUSDT","orderId":28,"clie'],
    ['a page of a proxy', '<html><body><h1>502 Bad Gateway</h1></body></html>'],
    ['null', 'null'],
    ['a list', '[]'],
    ['a text', '"FILLED"'],
    ['another order', { clientOrderId: 'tg-2' }],
    ['another market', { symbol: 'ETHUSDT' }],
    ['no order id', { orderId: null }],
    ['a status of tomorrow', { status: 'PONDERING' }],
    ['a filled amount that is no number', { executedQty: 'NaN' }],
    ['a filled amount below zero', { executedQty: '-1' }],
    ['a fill without an id', { fills: [{ price: '1', qty: '1', commission: '0', commissionAsset: 'BNB' }] }],
    [
      'a fill at a price below zero',
      { fills: [{ price: '-1', qty: '1', commission: '0', commissionAsset: 'BNB', tradeId: 1 }] },
    ],
    ['fills that are none', { fills: ['x'] }],
    ['objects where text should be', { executedQty: {}, price: [], side: {} }],
    ['10 MB of JSON', `[${'"x",'.repeat(2_500_000)}"x"]`],
    ['10 MB of nothing', ' '.repeat(10_000_000)],
  ])('has an unknown outcome after %s with 200', async (_what, body) => {
    server.answer = ({ fields, response }) => {
      const text = typeof body === 'string' ? body : JSON.stringify({ ...filledAnswer(fields), ...body });
      response.writeHead(200, { 'Content-Type': 'application/json' }).end(text);
    };
    expect(await place()).toMatchObject({ kind: 'unknown' });
    expect(server.orders).toHaveLength(1);
  });

  describe('goes out once', () => {
    const faults: Record<string, OrderServer['answer']> = {
      'the connection is cut before the answer': ({ response }) => response.destroy(),
      'no answer comes in time': () => undefined,
      'the answer stops in the middle': ({ response }) => {
        response.writeHead(200, { 'Content-Length': '1000' });
        response.write('{"symbol":');
      },
      'the answer is cut in the middle': ({ response }) => {
        response.writeHead(200, { 'Content-Length': '1000' });
        response.write('{"symbol":', () => response.destroy());
      },
      'the answer leads elsewhere': ({ response }) => response.writeHead(307, { Location: '/api/v3/order' }).end(),
    };

    beforeEach(becomeImpatient);

    it.each(Object.entries(faults))('where %s', async (_what, answer) => {
      server.answer = answer;
      expect(await place()).toMatchObject({ kind: 'unknown' });
      // What would be repeated would have come by the time that a second order has been answered.
      server.answer = ({ fields, response }) => response.end(JSON.stringify(filledAnswer(fields)));
      expect(await port.placeOrder({ clientOrderId: 'tg-2', terms: orderTerms(), signedAt: Date.now() })).toMatchObject(
        {
          kind: 'accepted',
        },
      );
      expect(server.orders.map((order) => order.get('newClientOrderId'))).toEqual(['tg-1', 'tg-2']);
    });

    it('where the connection that is kept alive ends with its arrival', async () => {
      server.answer = ({ fields, response }) => response.end(JSON.stringify(filledAnswer(fields)));
      expect(await place()).toMatchObject({ kind: 'accepted' });
      server.answer = ({ response }) => response.socket?.destroy();
      expect(await port.placeOrder({ clientOrderId: 'tg-2', terms: orderTerms(), signedAt: Date.now() })).toMatchObject(
        {
          kind: 'unknown',
        },
      );
      expect(server.orders.map((order) => order.get('newClientOrderId'))).toEqual(['tg-1', 'tg-2']);
    });
  });

  it('is refused where no connection comes about, for nothing has left', async () => {
    server.replyWith(400, { code: -2010, msg: 'Duplicate order sent.' });
    await place();
    await server.close();
    // A connection that is being closed may still carry one: what came of that is not known.
    const refusal = await eventually(async () => {
      const outcome = await place();
      return outcome.kind === 'refused' ? outcome : null;
    });
    expect(refusal).toMatchObject({ code: 'EXCHANGE_UNREACHABLE' });
  });

  it('lets questions about its fate go ahead of those that can wait, which then wait for their share as well', async () => {
    for (const path of ['/api/v3/openOrders', '/api/v3/myTrades', '/api/v3/allOrders'])
      server.answers.set(path, { status: 200, body: '[]' });
    const trades = (urgency: 'URGENT' | 'PATIENT') => port.fillsSince('BTC/USDT', Date.now() - 1_000, urgency);
    await port.clockSkewMs();
    // Costs four of ccxt's units, twenty of which it grants a second: the next one has to wait.
    await trades('PATIENT');
    const waiting = trades('PATIENT');
    server.questions.length = 0;
    const before = performance.now();
    await Promise.all([
      ...Array.from({ length: 5 }, () => trades('URGENT')),
      port.openOrders('BTC/USDT', 'URGENT'),
      port.ordersSince('BTC/USDT', Date.now() - 1_000, 'URGENT'),
    ]);
    expect(server.questions).toHaveLength(7);
    await waiting;
    expect(server.questions).toHaveLength(8);
    expect(performance.now() - before).toBeGreaterThan(1_000);
  });

  it('is refused while the exchange wants a pause, without being sent', async () => {
    server.replyWith(429, { code: -1003, msg: 'Too much request weight used' }, { 'Retry-After': '7' });
    await place();
    expect(await place()).toMatchObject({
      kind: 'refused',
      code: 'EXCHANGE_RATE_LIMITED',
      message: expect.stringContaining('pause') as string,
    });
    await expect(port.balances()).rejects.toMatchObject({ code: 'EXCHANGE_RATE_LIMITED' });
    expect(server.orders).toHaveLength(1);
  });

  it('is refused where its signature is too old to be sent', async () => {
    expect(await place({}, Date.now() - 5_001)).toMatchObject({ kind: 'refused', code: 'EXCHANGE_RATE_LIMITED' });
    expect(server.orders).toEqual([]);
  });

  it('is refused in a market that the exchange does not list', async () => {
    expect(await place({ symbol: 'NOPE/USDT' })).toMatchObject({ kind: 'refused', code: 'MARKET_CLOSED' });
    expect(server.orders).toEqual([]);
  });

  it('tells neither keys nor signatures with what went wrong', async () => {
    await becomeImpatient();
    const outcomes: SendOutcome[] = [];
    for (const fault of [() => undefined, ({ response }: { response: { destroy(): unknown } }) => response.destroy()]) {
      server.answer = fault;
      outcomes.push(await place());
    }
    expect(outcomes.every(({ kind }) => kind === 'unknown')).toBe(true);
    const cancelled = await port.cancelOrder({ symbol: 'BTC/USDT', clientOrderId: 'tg-1', exchangeOrderId: null });
    const failure = await port.balances().then(
      () => null,
      (error: unknown) => error,
    );
    const text = inspect([outcomes, cancelled, failure, port, credentials], { depth: 20, showHidden: true });
    expect(text).not.toMatch(/signature=|key-of-the-account|secret-of-the-account/);
  });
});

const expectedNames = [
  ...['symbol', 'side', 'type', 'quantity', 'quoteOrderQty', 'price', 'stopPrice', 'trailingDelta', 'timeInForce'],
  ...['newClientOrderId', 'newOrderRespType', 'timestamp', 'recvWindow', 'signature'],
];

function limit(changes: Partial<OrderTerms>): Partial<OrderTerms> {
  return { type: 'LIMIT', price: decimal('60000.001'), timeInForce: 'GTC', ...changes };
}

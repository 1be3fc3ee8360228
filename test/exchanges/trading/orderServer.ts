import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A POST of an order, as it came. */
export interface SentOrder {
  readonly fields: URLSearchParams;
  readonly response: ServerResponse;
}

/**
 * As much of Binance spot as an order needs, where the test decides what happens to the order, down to the socket.
 * Counts what arrives, whatever becomes of it.
 */
export class OrderServer {
  readonly orders: URLSearchParams[] = [];
  /** The paths of everything else that arrived. */
  readonly questions: string[] = [];
  /** Answers to other signed calls, by path. */
  readonly answers = new Map<string, { readonly status: number; readonly body: string }>();
  /** What happens to every order from now on. */
  answer: (order: SentOrder) => void = ({ response }) => response.destroy();
  readonly #server = createServer((request, response) => {
    void this.#receive(request, response);
  });

  async listen(): Promise<{ readonly restUrl: string; readonly wsUrl: string }> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    const { port } = this.#server.address() as AddressInfo;
    return { restUrl: `http://127.0.0.1:${port}`, wsUrl: `ws://127.0.0.1:${port}` };
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    if (this.#server.listening) await once(this.#server, 'close');
  }

  /** Answers every order with this status and body. */
  replyWith(status: number, body: string | object, headers: Readonly<Record<string, string>> = {}): void {
    this.answer = ({ response }) => {
      response.writeHead(status, { 'Content-Type': 'application/json', ...headers });
      response.end(typeof body === 'string' ? body : JSON.stringify(body));
    };
  }

  async #receive(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = (request.url ?? '').split('?')[0];
    if (request.method === 'POST' && path === '/api/v3/order') {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk as Buffer);
      const fields = new URLSearchParams(Buffer.concat(chunks).toString('utf8'));
      this.orders.push(fields);
      this.answer({ fields, response });
      return;
    }
    request.resume();
    this.questions.push(path ?? '');
    const scripted = this.answers.get(path ?? '');
    if (scripted !== undefined) {
      response.writeHead(scripted.status, { 'Content-Type': 'application/json' }).end(scripted.body);
      return;
    }
    const body = path === '/api/v3/exchangeInfo' ? exchangeInfo : { serverTime: Date.now() };
    response.writeHead(200, { 'Content-Type': 'application/json' }).end(JSON.stringify(body));
  }
}

/** What Binance answers to an order that was filled at once. */
export function filledAnswer(fields: URLSearchParams): Readonly<Record<string, unknown>> {
  return {
    symbol: 'BTCUSDT',
    orderId: 28,
    orderListId: -1,
    clientOrderId: fields.get('newClientOrderId'),
    transactTime: 1_700_000_000_000,
    price: '0.00000000',
    origQty: fields.get('quantity'),
    executedQty: fields.get('quantity'),
    origQuoteOrderQty: '0.00000000',
    cummulativeQuoteQty: '61.82400000',
    status: 'FILLED',
    timeInForce: 'GTC',
    type: 'MARKET',
    side: 'BUY',
    fills: [{ price: '61824.00', qty: '0.00100000', commission: '0.00000100', commissionAsset: 'BTC', tradeId: 56 }],
  };
}

const exchangeInfo = {
  timezone: 'UTC',
  serverTime: 1_700_000_000_000,
  rateLimits: [],
  symbols: [
    {
      symbol: 'BTCUSDT',
      status: 'TRADING',
      baseAsset: 'BTC',
      quoteAsset: 'USDT',
      orderTypes: [
        'LIMIT',
        'LIMIT_MAKER',
        'MARKET',
        'STOP_LOSS',
        'STOP_LOSS_LIMIT',
        'TAKE_PROFIT',
        'TAKE_PROFIT_LIMIT',
      ],
      isSpotTradingAllowed: true,
      permissions: ['SPOT'],
      filters: [
        { filterType: 'PRICE_FILTER', minPrice: '0.01', maxPrice: '1000000.00', tickSize: '0.01' },
        { filterType: 'LOT_SIZE', minQty: '0.00001', maxQty: '9000.0', stepSize: '0.00001' },
        { filterType: 'NOTIONAL', minNotional: '5.0' },
      ],
    },
  ],
};

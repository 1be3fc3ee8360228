import type { WebSocket } from 'ws';
import { ScriptedExchange } from './scriptedExchange';

interface Request {
  readonly method: string;
  readonly params: readonly string[];
  readonly id: number;
}

/** Binance spot. */
export class ScriptedBinance extends ScriptedExchange {
  /** Every request to subscribe or to end it, in order. */
  readonly requests: Request[] = [];

  constructor() {
    super(exchangeInfo);
  }

  /** Sends a frame to whoever has the stream. text: as it is, readable or not. */
  push(stream: string, frame: object | string): void {
    this.send(stream, typeof frame === 'string' ? frame : JSON.stringify(frame));
  }

  protected override receive(socket: WebSocket, message: unknown): void {
    const request = message as Request;
    this.requests.push(request);
    const streams = this.sockets.get(socket);
    for (const stream of request.params) {
      if (request.method === 'SUBSCRIBE') streams?.add(stream);
      else streams?.delete(stream);
    }
    socket.send(JSON.stringify({ result: null, id: request.id }));
  }
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
      baseAssetPrecision: 8,
      quoteAsset: 'USDT',
      quotePrecision: 8,
      quoteAssetPrecision: 8,
      orderTypes: ['LIMIT', 'MARKET'],
      isSpotTradingAllowed: true,
      isMarginTradingAllowed: false,
      permissions: ['SPOT'],
      filters: [
        { filterType: 'PRICE_FILTER', minPrice: '0.01000000', maxPrice: '1000000.00000000', tickSize: '0.01000000' },
        { filterType: 'LOT_SIZE', minQty: '0.00001000', maxQty: '9000.00000000', stepSize: '0.00001000' },
        { filterType: 'NOTIONAL', minNotional: '5.00000000' },
      ],
    },
  ],
};

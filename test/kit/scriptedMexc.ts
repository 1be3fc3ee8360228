import type { WebSocket } from 'ws';
import { loadDefinitions, type PushBody } from '../../src/simulator/mexc/protobuf';
import { ScriptedExchange } from './scriptedExchange';

/** MEXC spot. */
export class ScriptedMexc extends ScriptedExchange {
  /** Every request to subscribe or to end it, in order, e.g. "SUBSCRIPTION spot@…". */
  readonly requests: string[] = [];
  /** Channels that are refused, in words alone. */
  readonly refused = new Set<string>();
  readonly #definitions = loadDefinitions();

  constructor() {
    super(exchangeInfo);
  }

  /** Sends a frame to whoever has the channel. */
  push(channel: string, body: PushBody): void {
    const message = { channel, symbol: 'BTCUSDT', sendTime: 1_700_000_000_000, ...body };
    this.send(channel, this.#definitions.PushDataV3ApiWrapper.encode(message).finish());
  }

  protected override receive(socket: WebSocket, message: unknown): void {
    const { method, params = [] } = message as { readonly method: string; readonly params?: readonly string[] };
    const reply = (msg: string): void => {
      socket.send(JSON.stringify({ id: 0, code: 0, msg }));
    };
    if (method === 'ping') {
      reply('PONG');
      return;
    }
    this.requests.push(`${method} ${params.join(',')}`);
    for (const channel of params) {
      if (method === 'UNSUBSCRIPTION') this.sockets.get(socket)?.delete(channel);
      else if (!this.refused.has(channel)) this.sockets.get(socket)?.add(channel);
    }
    const refused = params.filter((channel) => this.refused.has(channel));
    reply(
      refused.length > 0
        ? `Not Subscribed successfully! [${refused.join(',')}].  Reason： Blocked! `
        : params.join(','),
    );
  }
}

const exchangeInfo = {
  timezone: 'CST',
  serverTime: 1_700_000_000_000,
  rateLimits: [],
  symbols: [
    {
      symbol: 'BTCUSDT',
      status: '1',
      baseAsset: 'BTC',
      baseAssetPrecision: 8,
      quoteAsset: 'USDT',
      quotePrecision: 8,
      quoteAssetPrecision: 8,
      orderTypes: ['LIMIT', 'MARKET'],
      isSpotTradingAllowed: true,
      isMarginTradingAllowed: false,
      quoteAmountPrecision: '1',
      baseSizePrecision: '0.00000001',
      permissions: ['SPOT'],
      filters: [],
      makerCommission: '0',
      takerCommission: '0.0005',
    },
  ],
};

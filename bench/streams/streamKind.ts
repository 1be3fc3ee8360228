import { marketIdOf } from './markets';
import { userIdOf } from './tokens';

/** What readers subscribe to. The newest price is asked for last: the client finds it at a fixed distance from the end of a frame. */
const documents = {
  tickers:
    'subscription ($m: [MarketId!]!) { tickers(markets: $m) { meta { kind seq at } tickers { marketId bid ask receivedTime last } } }',
  positions:
    'subscription ($a: ID!) { positions(account: $a) { meta { kind seq at } account marketId amount entryPrice markPrice } }',
} as const;

export type StreamKind = keyof typeof documents;

/** The payload of a `subscribe` message. */
export function subscriptionOf(stream: StreamKind, reader: number, market: number): object {
  const variables = stream === 'tickers' ? { m: [marketIdOf(market)] } : { a: userIdOf(reader) };
  return { query: documents[stream], variables };
}

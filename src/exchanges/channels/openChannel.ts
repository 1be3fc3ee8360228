import type { Channel } from '../exchangePort';
import { CandleChannel } from './candleChannel';
import type { ChannelHandler, ChannelParts } from './channelHandler';
import { OrderBookChannel } from './orderBookChannel';
import { TickerChannel } from './tickerChannel';
import { TradeChannel } from './tradeChannel';

export function openChannel(channel: Channel, parts: ChannelParts): ChannelHandler {
  switch (channel.kind) {
    case 'ticker':
      return new TickerChannel(parts);
    case 'orderBook':
      return new OrderBookChannel(parts);
    case 'trades':
      return new TradeChannel(parts);
    case 'candles':
      return new CandleChannel(parts, channel.timeframe);
  }
}

import type { TopOfBook } from '../../engine/venue';
import { changeRate } from '../marketData';
import type { DealItem } from '../protobuf';
import { every, type Close, type OpeningChannel } from './channel';
import type { ChannelRequest } from './channelName';
import { openDepth, openLimitDepth } from './depthChannels';
import { openKlines } from './klineChannel';

/** MEXC's pace for the statistics of a day. */
const miniTickerIntervalMs = 3000;

/** Opens a channel from the events of its market. */
export function openChannel(request: ChannelRequest, opening: OpeningChannel): Close {
  switch (request.kind) {
    case 'deals':
      return openDeals(opening, request);
    case 'depth':
      return openDepth(opening, request);
    case 'limitDepth':
      return openLimitDepth(opening, request);
    case 'bookTicker':
      return openBookTicker(opening, request.speedMs);
    case 'kline':
      return openKlines(opening, request);
    case 'miniTicker':
      return openMiniTicker(opening);
  }
}

/** Every single trade, those of a window of time in one frame, oldest first. */
function openDeals(opening: OpeningChannel, window: { speedMs: number; eventType: string }): Close {
  const { market, push } = opening;
  let deals: DealItem[] = [];
  const unlisten = market.listen((event) => {
    if (event.kind !== 'trade') return;
    const { price, amount, time, isBuyerMaker } = event.trade;
    deals.push({ price, quantity: amount, tradeType: isBuyerMaker ? 2 : 1, time });
  });
  const stop = every(window.speedMs, () => {
    if (deals.length === 0) return;
    const told = deals;
    deals = [];
    push({ publicAggreDeals: { deals: told, eventType: window.eventType } });
  });
  return () => {
    stop();
    unlisten();
  };
}

/** The best quotes at the end of each window in which they have changed. */
function openBookTicker({ market, push }: OpeningChannel, speedMs: number): Close {
  let top: TopOfBook | null = null;
  const unlisten = market.listen((event) => {
    if (event.kind === 'top') ({ top } = event);
  });
  const stop = every(speedMs, () => {
    if (top === null) return;
    const { bid, ask } = top;
    top = null;
    const bids = { bidPrice: bid?.price ?? '0', bidQuantity: bid?.amount ?? '0' };
    const asks = { askPrice: ask?.price ?? '0', askQuantity: ask?.amount ?? '0' };
    push({ publicAggreBookTicker: { ...bids, ...asks } });
  });
  return () => {
    stop();
    unlisten();
  };
}

function openMiniTicker({ market, push }: OpeningChannel): Close {
  return every(miniTickerIntervalMs, () => {
    const day = market.day();
    const rate = changeRate(day);
    // Here the volume is in quote units and the quantity in base units.
    const sums = { volume: day.cost, quantity: day.amount };
    const prices = { price: day.last, high: day.high, low: day.low };
    push({ publicMiniTicker: { symbol: market.spec.id, ...prices, rate, zonedRate: rate, ...sums } });
  });
}

import { interestTopic, type Interest, type Topic } from '../../src/bus/bus';
import { InProcessBus } from '../../src/bus/inProcessBus';
import { candlesTopic, orderBookTopic, parseMarketTopic, tickerTopic, tradesTopic } from '../../src/bus/marketTopics';
import { toMarketId } from '../../src/domain/market';
import { createLogger } from '../../src/telemetry/logger';

const numbers: Topic<number> = { name: 'numbers' };

describe('the bus of a single node', () => {
  let bus: InProcessBus;

  beforeEach(() => {
    bus = new InProcessBus({ logger: createLogger('silent') });
  });

  it('calls every listener in order, and none that has left', () => {
    const got: string[] = [];
    const leave = bus.subscribe(numbers, (n) => got.push(`a${n}`));
    bus.subscribe(numbers, (n) => got.push(`b${n}`));
    bus.publish(numbers, 1);
    leave();
    leave();
    bus.publish(numbers, 2);
    expect(got).toEqual(['a1', 'b1', 'b2']);
  });

  it('retains the last message, or what stands for it, until it is forgotten', () => {
    expect(bus.last(numbers)).toBeNull();
    bus.publish(numbers, 1);
    expect(bus.last(numbers)).toBe(1);
    bus.publish(numbers, 2, () => 12);
    expect(bus.last(numbers)).toBe(12);
    bus.forget(numbers);
    expect(bus.last(numbers)).toBeNull();
  });

  it('does not call a listener with the message during which it joined: it has read that as the retained one', () => {
    const got: number[] = [];
    let retained: number | null = null;
    bus.subscribe(numbers, (n) => {
      if (n !== 1) return;
      bus.subscribe(numbers, (later) => got.push(later));
      retained = bus.last(numbers);
    });
    bus.publish(numbers, 1);
    bus.publish(numbers, 2);
    expect(retained).toBe(1);
    expect(got).toEqual([2]);
  });

  it('announces the first and the last listener of a topic, and lists those that are listened to', () => {
    const announced: Interest[] = [];
    const stopListening = bus.subscribe(interestTopic, (interest) => announced.push(interest));
    const leaves = [1, 2, 3].map(() => bus.subscribe(numbers, () => undefined));
    expect(bus.interests()).toEqual([{ topic: 'numbers', listeners: 3 }]);
    for (const leave of leaves) leave();
    expect(announced).toEqual([
      { topic: 'numbers', listeners: 1 },
      { topic: 'numbers', listeners: 0 },
    ]);
    expect(bus.interests()).toEqual([]);
    stopListening();
  });

  it('goes on to the next listener where one fails', () => {
    const got: number[] = [];
    bus.subscribe(numbers, () => {
      throw new Error('broken listener');
    });
    bus.subscribe(numbers, (n) => got.push(n));
    bus.publish(numbers, 1);
    expect(got).toEqual([1]);
  });
});

describe('the topics of markets', () => {
  const id = toMarketId('binance-testnet', 'BTC/USDT');

  it('can be read back from their names', () => {
    const market = { marketId: id, exchange: 'binance-testnet', symbol: 'BTC/USDT' };
    expect(parseMarketTopic(tickerTopic(id).name)).toEqual({ kind: 'ticker', ...market });
    expect(parseMarketTopic(orderBookTopic(id).name)).toEqual({ kind: 'orderBook', ...market });
    expect(parseMarketTopic(tradesTopic(id).name)).toEqual({ kind: 'trades', ...market });
    expect(parseMarketTopic(candlesTopic(id, 'H4').name)).toEqual({ kind: 'candles', timeframe: 'H4', ...market });
  });

  it.each(['', 'interest', 'ticker', 'ticker:', 'candles-H9:a:B/C', 'other:a:B/C'])('are not %j', (name) => {
    expect(parseMarketTopic(name)).toBeNull();
  });
});

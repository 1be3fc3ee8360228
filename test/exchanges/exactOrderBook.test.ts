import { ExactOrderBook } from '../../src/exchanges/exactOrderBook';
import { readOrderBook } from '../../src/exchanges/readOrderBook';
import { BadMarketData } from '../../src/exchanges/badMarketData';
import { toMarketId } from '../../src/domain/market';

const reading = { marketId: toMarketId('x', 'A/B'), depth: 10, receivedTime: 1 };
const snapshot = (nonce: number, price = '10') => ({ nonce, bids: [[price, '1']], asks: [['20', '1']] });

describe('the exact order book', () => {
  it('begins from a snapshot and ignores an older one, which would turn back time', () => {
    const book = new ExactOrderBook().reset(snapshot(100));
    book.reset(snapshot(99, '11'));
    expect(book.nonce).toBe(100);
    expect(book.bids.top(1)).toEqual([{ price: '10', amount: '1' }]);
  });

  it('takes a newer snapshot in place of all it knew', () => {
    const book = new ExactOrderBook().reset(snapshot(100));
    book.asks.store('15', '3');
    book.reset(snapshot(101, '12'));
    expect(book.bids.top(5)).toEqual([{ price: '12', amount: '1' }]);
    expect(book.asks.top(5)).toEqual([{ price: '20', amount: '1' }]);
  });

  it('sorts by value, not as text, and reads one price in two spellings as one level', () => {
    const book = new ExactOrderBook().reset({
      nonce: 1,
      bids: [
        ['9', '1'],
        ['10.0', '2'],
        ['100', '3'],
      ],
      asks: [],
    });
    book.bids.store('10.000', '5');
    expect(book.bids.top(5)).toEqual([
      { price: '100', amount: '3' },
      { price: '10', amount: '5' },
      { price: '9', amount: '1' },
    ]);
  });

  it('removes a level with a zero in any spelling, and ignores one that it does not have', () => {
    const book = new ExactOrderBook().reset(snapshot(1));
    book.bids.store('10.00', '0.00000000');
    book.asks.store('21', '0');
    expect(book.bids.top(5)).toEqual([]);
    expect(book.asks.top(5)).toEqual([{ price: '20', amount: '1' }]);
  });

  it('gives views that later changes leave alone', () => {
    const book = new ExactOrderBook().reset(snapshot(1));
    const view = book.bids.top(5);
    book.bids.store('10', '9');
    book.bids.store('11', '1');
    expect(view).toEqual([{ price: '10', amount: '1' }]);
  });

  it('keeps the best 5,000 levels a side and no more', () => {
    const book = new ExactOrderBook();
    for (let price = 6_000; price > 0; price -= 1) book.asks.store(String(price), '1');
    expect(book.asks.top(10_000)).toHaveLength(5_000);
    expect(book.asks.top(1)).toEqual([{ price: '1', amount: '1' }]);
  });

  it('is not read while it is crossed', () => {
    const book = new ExactOrderBook().reset(snapshot(1, '20'));
    expect(() => readOrderBook(book, reading)).toThrow(BadMarketData);
  });
});

describe('a book of REST', () => {
  it('is put in order by value where ccxt has sorted its prices as text', () => {
    const book = readOrderBook(
      {
        nonce: 5,
        bids: [
          ['9', '1'],
          ['100', '1'],
          ['10', '1'],
        ],
        asks: [
          ['1000', '2'],
          ['200', '2'],
        ],
      },
      reading,
    );
    expect(book.bids.map(({ price }) => price)).toEqual(['100', '10', '9']);
    expect(book.asks.map(({ price }) => price)).toEqual(['200', '1000']);
    expect(book.nonce).toBe('5');
  });
});

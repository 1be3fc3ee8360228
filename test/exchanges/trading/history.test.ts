import { readHistory } from '../../../src/exchanges/trading/history';
import { eventually } from '../../kit/eventually';
import { startSimulator } from '../../kit/simulator';
import { decimal, demoCredentials, openAccount, orderTerms } from '../../kit/tradingAccount';

const limits = { windowMs: 1_000, reachMs: null, rows: 10 };

interface Row {
  readonly id: number;
  readonly time: number;
}

describe('the history of an account', () => {
  const windows: number[] = [];

  /** Which end of a full answer is cut off differs between exchanges. */
  const exchangeWith = (rows: readonly Row[], cutOff: 'oldest' | 'newest') => (from: number, until: number) => {
    windows.push(until - from + 1);
    const found = rows.filter(({ time }) => time >= from && time <= until);
    return Promise.resolve(cutOff === 'oldest' ? found.slice(-limits.rows) : found.slice(0, limits.rows));
  };

  beforeEach(() => {
    windows.length = 0;
  });

  it.each(['oldest', 'newest'] as const)(
    'is complete, each row once, where answers are cut off at the %s',
    async (cutOff) => {
      // Bursts that fill answers, and hours of silence.
      const rows = Array.from({ length: 500 }, (_, id) => ({ id, time: 5_000 + Math.floor(id / 9) * 40 + (id % 9) }));
      const read = await readHistory({ since: 5_000, now: 9_000, limits }, exchangeWith(rows, cutOff));
      expect(read.map(({ id }) => id)).toEqual(rows.map(({ id }) => id));
      expect(Math.max(...windows)).toBe(limits.windowMs);
    },
  );

  it('reaches to what the exchange has just stamped with a clock that is ahead of ours', async () => {
    const rows = [{ id: 1, time: 10_400 }];
    expect(await readHistory({ since: 9_000, now: 10_000, limits }, exchangeWith(rows, 'oldest'))).toEqual(rows);
  });

  it('begins where the exchange still tells, with a margin for its clock', async () => {
    const rows = [{ id: 1, time: 95_000 }];
    const reaching = { ...limits, windowMs: 100_000, reachMs: 70_000 };
    const asked: number[] = [];
    const ask = (from: number, until: number) => {
      asked.push(from);
      return exchangeWith(rows, 'oldest')(from, until);
    };
    expect(await readHistory({ since: 5_000, now: 100_000, limits: reaching }, ask)).toEqual(rows);
    expect(asked).toEqual([90_000]);
  });

  it('is refused rather than cut where one millisecond holds more than an answer', async () => {
    const rows = Array.from({ length: 11 }, (_, id) => ({ id, time: 5_000 }));
    const read = readHistory({ since: 5_000, now: 5_000, limits }, exchangeWith(rows, 'oldest'));
    await expect(read).rejects.toMatchObject({ code: 'EXCHANGE_UNAVAILABLE' });
  });

  it('of more than a thousand orders and fills comes back whole', async () => {
    const simulator = await startSimulator({ seed: 'history', args: ['--weight-limit', '1000000'] });
    const port = openAccount(simulator, await demoCredentials(simulator, 'trader'));
    const since = Date.now() - 1000;
    const parameters = { symbol: 'BTCUSDT', type: 'MARKET', quantity: '0.001' };
    const call = (side: string) =>
      simulator.control('POST', 'accounts/trader/calls', {
        method: 'POST',
        path: '/api/v3/order',
        parameters: { ...parameters, side },
      });
    for (let turn = 0; turn < 55; turn += 1) {
      await Promise.all(Array.from({ length: 20 }, (_, count) => call(count % 2 === 0 ? 'BUY' : 'SELL')));
    }
    const [orders, fills] = await Promise.all([
      port.ordersSince('BTC/USDT', since),
      port.fillsSince('BTC/USDT', since),
    ]);
    expect(new Set(orders.map(({ exchangeOrderId }) => exchangeOrderId)).size).toBe(1_100);
    expect(orders).toHaveLength(1_100);
    expect(new Set(fills.map(({ tradeId }) => tradeId)).size).toBe(fills.length);
    expect(fills.length).toBeGreaterThanOrEqual(1_100);
    expect(fills.map(({ exchangeTime }) => exchangeTime)).toEqual(
      fills.map(({ exchangeTime }) => exchangeTime).toSorted((a, b) => a - b),
    );
    await port.close();
    await simulator.stop();
  }, 120_000);
});

describe('what a key may do', () => {
  it('is asked of the exchange', async () => {
    const simulator = await startSimulator({ seed: 'keys' });
    const port = openAccount(simulator, await demoCredentials(simulator, 'withdrawer'));
    expect(await port.keyPermissions()).toMatchObject({ mayTrade: true, mayWithdraw: true });
    await simulator.control('POST', 'accounts/withdrawer/permissions', {
      mayWithdraw: false,
      mayTransferInternally: false,
      mayTransferUniversally: false,
      isIpRestricted: false,
    });
    await eventually(async () => (await port.keyPermissions()).isIpRestricted === false);
    expect(await port.keyPermissions()).toEqual({
      mayTrade: true,
      mayWithdraw: false,
      mayTransfer: false,
      isIpRestricted: false,
    });
    await simulator.control('POST', 'clock', { offsetMs: 2_000 });
    expect(Math.abs((await port.clockSkewMs()) + 2_000)).toBeLessThan(500);
    await port.close();
    const reader = openAccount(simulator, await demoCredentials(simulator, 'reader'));
    const outcome = await reader.placeOrder({
      clientOrderId: 'tg-1',
      terms: orderTerms({ amount: decimal('0.01') }),
      signedAt: Date.now() + 2_000,
    });
    expect(outcome).toMatchObject({ kind: 'refused', code: 'NOT_PERMITTED' });
    await reader.close();
    await simulator.stop();
  });
});

import { ExchangeNotNamed } from '../../src/exchanges/exchangeNotNamed';
import { BackgroundRunner } from '../../src/telemetry/backgroundRunner';
import { createLogger } from '../../src/telemetry/logger';
import { createMetrics } from '../../src/telemetry/metrics';
import { TradingDesk } from '../../src/trading/tradingDesk';
import { eventually } from '../kit/eventually';
import { openTestStorage } from '../kit/postgres';
import { makeOwner, money } from '../kit/tradingRecords';

it('tries an account that cannot be opened less and less often, and says why once for each reason', async () => {
  const { storage, stop } = await openTestStorage();
  await makeOwner(storage);
  const logger = createLogger('silent');
  const [faults, warnings] = [jest.fn(), jest.fn()];
  jest.spyOn(logger, 'child').mockReturnValue({ ...logger, error: faults, warn: warnings } as never);
  let now = 0;
  let looks = 0;
  let next = (): void => undefined;
  const tried: number[] = [];
  let reason = new Error('no key');
  const notAsked = () => Promise.reject(new Error('not asked for'));
  const desk = new TradingDesk({
    store: storage.trading,
    lock: { tryTake: () => Promise.resolve(true), release: () => Promise.resolve() },
    markets: { rate: notAsked, market: notAsked, rules: notAsked, quote: notAsked },
    openPort: () => {
      tried.push(now / 1_000);
      return Promise.reject(reason);
    },
    clock: () => now,
    newId: () => '-',
    worthOfFee: () => money('0'),
    schedule: (task) => {
      looks += 1;
      next = task;
      return () => undefined;
    },
    runner: new BackgroundRunner({ logger, metrics: createMetrics() }),
    logger,
    onAlarm: () => undefined,
  });
  desk.start();
  for (let second = 1; second <= 200; second += 1) {
    await eventually(() => looks === second);
    now += 1_000;
    if (second === 150) reason = new ExchangeNotNamed('simulator');
    next();
  }
  await eventually(() => looks === 201);
  await desk.stop();
  await stop();
  expect(tried).toEqual([0, 1, 3, 7, 15, 31, 63, 123, 183]);
  expect(faults.mock.calls.map(([{ err }]: [{ err: Error }]) => err.message)).toEqual(['no key']);
  // Nothing is broken, and a stack would say so.
  const reasonAndNextStep = expect.stringMatching(/^EXCHANGES does not name simulator\. Name it/) as unknown;
  expect(warnings.mock.calls).toEqual([[{ reason: reasonAndNextStep }, 'account is not traded']]);
}, 60_000);

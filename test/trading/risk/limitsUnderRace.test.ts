import type { TradingState } from '../../../src/domain/accounts';
import { compareDecimals } from '../../../src/domain/compareDecimals';
import { sum } from '../../../src/domain/money';
import type { OrderOrigin } from '../../../src/storage/trading/records';
import { Readers } from '../../../src/storage/readers';
import { TradingStore } from '../../../src/storage/trading/tradingStore';
import { judgeIntent } from '../../../src/trading/risk/judgeIntent';
import { TradingStates } from '../../../src/trading/risk/tradingStates';
import { eventually } from '../../kit/eventually';
import { Gate } from '../../kit/gate';
import { decimal, marketOf, orderOf, RiskHouse } from './riskHouse';

const market = marketOf('BTC/USDT');
const rounds = Number(process.env.LIMIT_RACES ?? 2);

let house: RiskHouse;

beforeAll(async () => {
  house = await RiskHouse.open();
});

afterAll(() => house.stop());

/** Stores an order of 1 × 100 where the governor lets it through, as the order path does: judged with the account held. */
async function place(store: TradingStore, accountId: string, origin: OrderOrigin = 'API'): Promise<string> {
  const code = await store.transaction({ accountId, epoch: null }, async (tx) => {
    const order = orderOf(accountId, market.id, { phase: 'PENDING', origin });
    const refusal = judgeIntent({
      account: tx.account,
      house: tx.house,
      market,
      terms: { ...order, symbol: market.symbol },
      origin,
      price: decimal('100'),
      notional: decimal('100'),
      quoteAgeMs: 0,
      openOrders: await tx.openOrders(),
      positions: await tx.positions(),
      ordersLastMinute: await tx.countOrdersSince(order.createdAt - 60_000),
      equity: null,
      now: order.createdAt,
    });
    if (refusal !== null) return refusal.code;
    const cause = 'created';
    const transition = { orderId: order.id, at: order.createdAt, from: null, to: order.phase, cause };
    await tx.insertOrder(order, transition);
    return 'stored';
  });
  return code ?? 'gone';
}

async function exposureOf(accountId: string): Promise<string> {
  const orders = await house.store.openOrders(accountId);
  return sum(...orders.map(() => decimal('100')));
}

it('holds the limit of a position under 100 orders at once, each a fifth of it, from two nodes', async () => {
  const other = new TradingStore({ dataSource: house.dataSource, readers: new Readers(house) });
  for (let round = 0; round < rounds; round += 1) {
    const { id } = await house.addAccount({ maxPositionNotional: '500' });
    const verdicts = await Promise.all(
      Array.from({ length: 100 }, (_, index) => place(index % 2 === 0 ? house.store : other, id)),
    );
    expect(verdicts.filter((verdict) => verdict === 'stored')).toHaveLength(5);
    expect(verdicts.filter((verdict) => verdict === 'MAX_POSITION_NOTIONAL')).toHaveLength(95);
    expect(compareDecimals(decimal(await exposureOf(id)), decimal('500'))).toBe(0);
  }
});

it('holds the limit of orders a minute under 50 at once', async () => {
  const { id } = await house.addAccount({ maxOrdersPerMinute: 7 });
  const verdicts = await Promise.all(Array.from({ length: 50 }, () => place(house.store, id)));
  expect(verdicts.filter((verdict) => verdict === 'stored')).toHaveLength(7);
  expect(verdicts.filter((verdict) => verdict === 'MAX_ORDERS_PER_MINUTE')).toHaveLength(43);
});

describe('a halt while orders come in', () => {
  const audit = { at: 0, action: 'test', target: null, outcome: 'halted' };
  const halt = { state: 'HALTED', flatten: false, reason: 'enough' } as const;

  async function haltAmid(accountId: string, stop: () => Promise<unknown>): Promise<readonly string[]> {
    let isHalted = false;
    const after: string[] = [];
    const stream = async (): Promise<void> => {
      for (let last = false; !last;) {
        // What begins after the halt was answered is the last to be tried.
        last = isHalted;
        const verdict = await place(house.store, accountId);
        if (last) after.push(verdict);
      }
    };
    const streams = Array.from({ length: 10 }, stream);
    while ((await house.store.openOrders(accountId)).length < 20) await Promise.resolve();
    await stop();
    isHalted = true;
    const stored = (await house.store.openOrders(accountId)).length;
    await Promise.all(streams);
    expect((await house.store.openOrders(accountId)).length).toBe(stored);
    return after;
  }

  function states(): TradingStates {
    const { store, risk } = house;
    return new TradingStates({ store, risk, clock: house.time.now, equity: () => null, onFlatten: () => undefined });
  }

  it.each([
    ['the account', (id: string) => states().setTradingState({ ownerId: null, actor: 'admin' }, id, halt)],
    ['all', () => house.store.setHouseState({ ...halt, at: 0 }, { ...audit, actor: 'admin' })],
  ])('of %s is answered when an order that was being judged is stored, not before', async (_whom, stop) => {
    const { id } = await house.addAccount();
    const course: string[] = [];
    const [judged, mayStore] = [new Gate(), new Gate()];
    // Of another node: those of one wait for each other before the database does.
    const other = new TradingStore({ dataSource: house.dataSource, readers: new Readers(house) });
    const order = other.transaction({ accountId: id, epoch: null }, async () => {
      judged.open();
      await mayStore.passed;
      course.push('stored');
    });
    await judged.passed;
    const halting = stop(id).then(() => course.push('halted'));
    await eventually(() => house.isSomebodyWaiting());
    mayStore.open();
    await Promise.all([order, halting]);
    expect(course).toEqual(['stored', 'halted']);
    await states().setGlobalTradingState({ actor: 'admin' }, { ...halt, state: 'ACTIVE' });
  });

  it('of the account: none is stored once it is answered', async () => {
    const { id } = await house.addAccount();
    const verdicts = await haltAmid(id, () =>
      states().setTradingState({ ownerId: house.ownerId, actor: 'owner' }, id, halt),
    );
    expect(new Set(verdicts)).toEqual(new Set(['TRADING_HALTED']));
    expect(verdicts).toHaveLength(10);
  });

  it('of all: none is stored once it is answered, and none after a restart', async () => {
    const { id } = await house.addAccount();
    const verdicts = await haltAmid(id, () => states().setGlobalTradingState({ actor: 'admin' }, halt));
    expect(new Set(verdicts)).toEqual(new Set(['GLOBAL_HALTED']));
    const restarted = new TradingStore({ dataSource: house.dataSource, readers: new Readers(house) });
    expect(await place(restarted, id)).toBe('GLOBAL_HALTED');
    const active: { readonly state: TradingState } = { state: 'ACTIVE' };
    await states().setGlobalTradingState({ actor: 'admin' }, { ...halt, ...active });
    expect(await place(restarted, id)).toBe('stored');
  });
});

import { Decimal } from '../../../src/domain/decimal';
import type { PaperLedger } from '../../../src/domain/paperLedger';
import { LedgerDraft } from '../../../src/exchanges/paper/ledgerDraft';

const ledger: PaperLedger = {
  accountId: 'a',
  version: 3,
  positionMode: 'ONE_WAY',
  lastOrderNumber: 0,
  lastTradeNumber: 0,
  balances: new Map([['USDT', { free: new Decimal(5), used: new Decimal(2) }]]),
  openOrders: new Map(),
  positions: new Map(),
};

it('never lets a balance become negative, and is unchanged where it refused to', () => {
  const draft = new LedgerDraft(ledger, 1);
  expect(() => {
    draft.credit('USDT', new Decimal(-6));
  }).toThrow(RangeError);
  expect(() => {
    draft.hold('USDT', new Decimal(-3));
  }).toThrow(RangeError);
  expect(draft.change()).toBeNull();
});

it('leaves the ledger that it began with as it is', () => {
  const draft = new LedgerDraft(ledger, 1);
  draft.hold('USDT', new Decimal(4));
  expect(draft.change()).toMatchObject({ expectedVersion: 3, balances: [{ currency: 'USDT' }] });
  expect(draft.ledger(true)).toMatchObject({ version: 4 });
  expect(draft.ledger(true).balances.get('USDT')).toEqual({ free: new Decimal(1), used: new Decimal(6) });
  expect(ledger.balances.get('USDT')).toEqual({ free: new Decimal(5), used: new Decimal(2) });
});

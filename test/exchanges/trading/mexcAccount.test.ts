import { Decimal } from '../../../src/domain/decimal';
import type { OrderTerms } from '../../../src/domain/orders';
import { BadMarketData } from '../../../src/exchanges/badMarketData';
import type { CcxtAccountExchange } from '../../../src/exchanges/ccxtTypes';
import { loadCcxt } from '../../../src/exchanges/loadCcxt';
import { mexcDifferences } from '../../../src/exchanges/mexc/mexcDifferences';
import { mexcKeyPermissions } from '../../../src/exchanges/mexc/mexcKey';
import { mexcRefusals } from '../../../src/exchanges/mexc/mexcRefusals';
import { mexcTrading } from '../../../src/exchanges/mexc/mexcTrading';
import { refineMexcAccount } from '../../../src/exchanges/mexc/refineMexcAccount';
import { refusalIn } from '../../../src/exchanges/trading/classifySending';
import type { AccountEvent, TradingPort } from '../../../src/exchanges/tradingPort';
import { eventually } from '../../kit/eventually';
import { startSimulator, type RunningSimulator } from '../../kit/simulator';
import { credentialsOf, decimal, demoCredentials, mexcOf, openAccount, orderTerms } from '../../kit/tradingAccount';

const symbol = 'BTC/USDT';
const orders = '/mexc/api/v3/order';
const dayMs = 86_400_000;

describe('an account at MEXC', () => {
  let simulator: RunningSimulator;
  let port: TradingPort;
  let number = 0;
  const others: TradingPort[] = [];

  beforeAll(async () => {
    simulator = await startSimulator({ seed: 'mexc-account', args: ['--quiet', 'XRPUSDT'] });
    port = await open('trader');
  });

  afterEach(async () => {
    await simulator.control('DELETE', 'faults');
    await Promise.all(others.splice(0).map((other) => other.close()));
  });

  afterAll(async () => {
    await port.close();
    await simulator.stop();
  });

  async function open(name: string): Promise<TradingPort> {
    return openAccount(mexcOf(simulator), await demoCredentials(simulator, name), {
      ccxtId: 'mexc',
      answerTimeoutMs: 2_000,
    });
  }

  const newId = () => `tg-mexc-${(number += 1)}`;
  const place = (changes: Partial<OrderTerms>, clientOrderId = newId()) =>
    port.placeOrder({ clientOrderId, terms: orderTerms(changes), signedAt: Date.now() });
  const find = (clientOrderId: string) => port.findOrder({ symbol, clientOrderId, exchangeOrderId: null });
  const sent = async () => (await simulator.state()).rest[`POST ${orders}`]?.calls ?? 0;

  async function bestBid(market = 'BTCUSDT'): Promise<Decimal> {
    const response = await fetch(`${simulator.restUrl}/mexc/api/v3/ticker/bookTicker?symbol=${market}`);
    return new Decimal(((await response.json()) as { readonly bidPrice: string }).bidPrice);
  }

  it('tells what its key may do, and whose it is', async () => {
    expect(await port.keyPermissions()).toEqual({
      mayTrade: true,
      mayWithdraw: false,
      mayTransfer: false,
      isIpRestricted: true,
    });
    expect(await port.exchangeAccount()).toMatch(/^\d+$/);
    await simulator.control('POST', 'accounts/withdrawer/permissions', { isIpRestricted: false });
    const withdrawer = await open('withdrawer');
    others.push(withdrawer);
    const wide = { mayTrade: true, mayWithdraw: true, mayTransfer: true, isIpRestricted: false };
    expect(await withdrawer.keyPermissions()).toEqual(wide);
    expect(await withdrawer.exchangeAccount()).not.toBe(await port.exchangeAccount());
    expect([await port.positionMode(), await port.positions()]).toEqual(['ONE_WAY', []]);
  });

  it.each([
    ['is not known', { apiKey: 'mx0nobody', secret: 'secret' }],
    ['has another secret', null],
  ])('is not opened by a key that %s', async (_what, given) => {
    const { apiKey } = await demoCredentials(simulator, 'trader');
    const key = given ?? { apiKey: apiKey.reveal(), secret: 'wrong' };
    const stranger = openAccount(mexcOf(simulator), credentialsOf(key), { ccxtId: 'mexc' });
    others.push(stranger);
    await expect(stranger.keyPermissions()).rejects.toMatchObject({ code: 'CREDENTIALS_REFUSED' });
  });

  it('may not trade with a key that only reads', async () => {
    const reader = await open('reader');
    others.push(reader);
    const order = { clientOrderId: newId(), terms: orderTerms(), signedAt: Date.now() };
    expect(await reader.placeOrder(order)).toMatchObject({ kind: 'refused', code: 'NOT_PERMITTED' });
  });

  it('spends what a market order says, to the last digit', async () => {
    const [id, quoteAmount] = [newId(), decimal('123.45678901')];
    // ccxt by itself would cut it to the two digits of the market's prices, or tell it as a float.
    expect(await place({ amount: null, quoteAmount: decimal('123.456789') }, id)).toMatchObject({ kind: 'accepted' });
    const order = await eventually(async () => {
      const found = await find(id);
      return found?.status === 'CLOSED' ? found : null;
    });
    expect(order.terms).toMatchObject({ amount: null, quoteAmount: '123.456789' });
    expect(new Decimal(order.cost!).lte('123.456789')).toBe(true);
    expect(await place({ amount: null, quoteAmount })).toMatchObject({ kind: 'accepted' });
    // Finer than a lot: the exchange says so, nobody rounds.
    expect(await place({ amount: decimal('0.0010000001') })).toMatchObject({ code: 'EXCHANGE_REFUSED' });
    expect(await place({ amount: decimal('0.001001') })).toMatchObject({ code: 'MARKET_RULE_VIOLATED' });
  });

  it('takes immediate orders, and tells what was canceled of them', async () => {
    const bid = await bestBid();
    const far = decimal(bid.times('0.9').toDecimalPlaces(2).toFixed());
    const ids = { IOC: newId(), FOK: newId() };
    for (const timeInForce of ['IOC', 'FOK'] as const) {
      expect(await place({ type: 'LIMIT', price: far, timeInForce }, ids[timeInForce])).toMatchObject({
        kind: 'accepted',
        report: { status: 'OPEN', filled: '0' },
      });
      expect(await find(ids[timeInForce])).toMatchObject({ status: 'CANCELED', filled: '0', terms: { timeInForce } });
    }
  });

  it('sends nothing that waits for a price, and says why it is refused what it sends', async () => {
    const before = await sent();
    expect(await place({ type: 'STOP', triggerPrice: decimal('200000') })).toMatchObject({ code: 'EXCHANGE_REFUSED' });
    expect(await sent()).toBe(before);
    const price = decimal((await bestBid()).times('1.01').toDecimalPlaces(2).toFixed());
    expect(await place({ type: 'LIMIT', price, timeInForce: 'POST_ONLY' })).toMatchObject({ code: 'EXCHANGE_REFUSED' });
    expect(await place({ amount: decimal('0.00001') })).toMatchObject({ code: 'MARKET_RULE_VIOLATED' });
    expect(await place({ side: 'SELL', amount: decimal('100') })).toMatchObject({ code: 'INSUFFICIENT_BALANCE' });
    const late = { clientOrderId: newId(), terms: orderTerms(), signedAt: Date.now() - 5_001 };
    expect(await port.placeOrder(late)).toMatchObject({ code: 'EXCHANGE_RATE_LIMITED' });
    await simulator.control('POST', 'clock', { offsetMs: 60_000 });
    expect(await place({})).toMatchObject({ kind: 'refused', code: 'CLOCK_SKEWED' });
    await simulator.control('POST', 'clock', { offsetMs: 0 });
  });

  it.each([
    ['reply-cut', true],
    ['unexpected', true],
    ['timeout', true],
    ['bad-gateway', false],
    ['garbage', true],
    ['wrong-types', true],
    ['truncated', true],
    ['reply-lost', true],
  ])('does not know what came of an order behind "%s", sends it once, and finds it', async (kind, executes) => {
    const [id, before] = [newId(), await sent()];
    await simulator.control('POST', 'faults', { kind, path: orders, method: 'POST', count: 1, executes });
    expect(await place({}, id)).toMatchObject({ kind: 'unknown' });
    const found = await find(id);
    if (executes) expect(found).toMatchObject({ clientOrderId: id, filled: '0.001' });
    else expect(found).toBeNull();
    expect((await sent()) - before).toBe(1);
  });

  it('does not send while MEXC wants a pause', async () => {
    await simulator.control('POST', 'faults', { kind: 'rate-limit', path: orders, method: 'POST', count: 1 });
    const before = await sent();
    expect(await place({})).toMatchObject({ kind: 'refused', code: 'EXCHANGE_RATE_LIMITED' });
    expect(await place({})).toMatchObject({ kind: 'refused', code: 'EXCHANGE_RATE_LIMITED' });
    expect((await sent()) - before).toBe(1);
    await eventually(async () => (await place({})).kind === 'accepted');
  });

  it('asks no further back than MEXC tells', async () => {
    const asked = Date.now() - 400 * dayMs;
    await simulator.control('POST', 'accounts/trader/balances', { asset: 'BTC', amount: '0.5' });
    await simulator.control('POST', 'accounts/trader/balances', { asset: 'USDT', amount: '-10.5' });
    const transfers = await port.transfersSince(Date.now() - dayMs);
    expect(transfers.map(({ currency, amount, kind }) => [currency, amount, kind])).toEqual([
      ['BTC', '0.5', 'TRANSFER'],
      ['USDT', '-10.5', 'TRANSFER'],
    ]);
    const [placed, fills] = [await port.ordersSince(symbol, asked), await port.fillsSince(symbol, asked)];
    expect(placed.length).toBeGreaterThan(3);
    expect(new Set(fills.map(({ tradeId }) => tradeId)).size).toBe(fills.length);
  });

  describe('whose stream is open', () => {
    let events: AccountEvent[];

    const connections = () =>
      events.map(({ type }) => type).filter((type) => type === 'connected' || type === 'disconnected');
    const fills = () => events.flatMap((event) => (event.type === 'fill' ? [event.fill] : []));

    beforeEach(async () => {
      events = [];
      const watching = await open('second-trader');
      others.push(watching);
      watching.watch((event) => events.push(event));
      await eventually(() => connections().length === 1);
    });

    async function buy(): Promise<string> {
      const clientOrderId = newId();
      const order = { clientOrderId, terms: orderTerms(), signedAt: Date.now() };
      expect(await others[0]!.placeOrder(order)).toMatchObject({ kind: 'accepted' });
      return clientOrderId;
    }

    const isClosed = (id: string) =>
      events.some(
        (event) => event.type === 'order' && event.report.clientOrderId === id && event.report.status === 'CLOSED',
      );

    const listenKeys = async () =>
      (
        (await simulator.control('POST', 'accounts/second-trader/calls', {
          path: '/mexc/api/v3/userDataStream',
        })) as { readonly listenKey: readonly string[] }
      ).listenKey;

    it('comes back with one key, on one socket, when it was cut, and goes on telling', async () => {
      await simulator.control('POST', 'faults', { kind: 'drop', stream: 'spot@private.orders*' });
      await eventually(() => connections().length === 3);
      expect(connections()).toEqual(['connected', 'disconnected', 'connected']);
      const id = await buy();
      await eventually(() => isClosed(id));
      expect(await listenKeys()).toHaveLength(1);
      const { connections: sockets } = await simulator.state();
      expect(sockets.filter(({ path }) => path === '/mexc/ws')).toHaveLength(1);
    });

    it('counts a frame that cannot be read as an interruption', async () => {
      await simulator.control('POST', 'faults', { kind: 'corrupt', stream: 'spot@private.deals*', count: 1 });
      await buy();
      await eventually(() => connections().length === 3);
      expect(connections()).toEqual(['connected', 'disconnected', 'connected']);
    });

    it('begins another session when MEXC ends its key', async () => {
      const [listenKey] = await listenKeys();
      const path = '/mexc/api/v3/userDataStream';
      const call = { method: 'DELETE', path, parameters: { listenKey } };
      await simulator.control('POST', 'accounts/second-trader/calls', call);
      await eventually(() => connections().length === 3);
      expect(await listenKeys()).toHaveLength(1);
      expect(await listenKeys()).not.toContain(listenKey);
      const id = await buy();
      await eventually(() => isClosed(id));
    });

    it('tells of an order that was filled in part and canceled that it was canceled', async () => {
      // More than the best of a market in which nobody trades.
      const book = await fetch(`${simulator.restUrl}/mexc/api/v3/depth?symbol=XRPUSDT&limit=1`);
      const { bids } = (await book.json()) as { readonly bids: readonly (readonly [string, string])[] };
      const [price, best] = bids[0]!;
      const amount = decimal(new Decimal(best).plus(1).toFixed());
      const limit = { type: 'LIMIT', side: 'SELL', timeInForce: 'IOC' } as const;
      const terms = orderTerms({ symbol: 'XRP/USDT', amount, price: decimal(price), ...limit });
      const clientOrderId = newId();
      const [watching] = others;
      expect(await watching!.placeOrder({ clientOrderId, terms, signedAt: Date.now() })).toMatchObject({
        kind: 'accepted',
      });
      const ended = await eventually(() =>
        events
          .flatMap((event) => (event.type === 'order' && event.report.status !== 'OPEN' ? [event.report] : []))
          .at(0),
      );
      const filled = new Decimal(best).toFixed();
      expect(ended).toMatchObject({ clientOrderId, status: 'CANCELED', filled });
      const reference = { symbol: 'XRP/USDT', clientOrderId, exchangeOrderId: null };
      expect(await watching!.findOrder(reference)).toMatchObject({ status: 'CANCELED', filled, cost: ended.cost });
    });

    it('extends its key for as long as its socket lives', async () => {
      const ccxt = loadCcxt();
      const { apiKey, secret } = await demoCredentials(simulator, 'second-trader');
      const settings = { id: 'mexc', ccxtId: 'mexc', sandbox: false, ...mexcOf(simulator) };
      const later: (() => Promise<unknown>)[] = [];
      class Patient extends refineMexcAccount(mexcDifferences.refine(ccxt.pro.mexc!, ccxt), ccxt) {
        delay(_timeoutMs: number, method: (...args: unknown[]) => Promise<unknown>, ...args: unknown[]): void {
          later.push(() => method(...args));
        }
      }
      const keys = { apiKey: apiKey.reveal(), secret: secret.reveal() };
      const exchange = new Patient({ ...mexcDifferences.options(settings), ...keys }) as unknown as CcxtAccountExchange;
      await exchange.loadHttpProxyAgent();
      const extended = async () => (await simulator.state()).rest['PUT /mexc/api/v3/userDataStream']?.calls ?? 0;
      const before = await extended();
      await exchange.authenticate({ type: 'spot' });
      for (const count of [1, 2]) {
        await later.splice(0)[0]!();
        expect((await extended()) - before).toBe(count);
      }
      await exchange.close();
      await later.splice(0)[0]!();
      expect([(await extended()) - before, later]).toEqual([2, []]);
    });

    it('gives its key back when nobody listens any more', async () => {
      await others.splice(0)[0]!.close();
      await eventually(async () => (await listenKeys()).length === 0);
    });

    it('tells who made a trade, and its fee, as MEXC does when it is asked', async () => {
      const xrp = 'XRP/USDT';
      const price = decimal((await bestBid('XRPUSDT')).plus('0.0001').toFixed());
      const terms = orderTerms({ symbol: xrp, type: 'LIMIT', amount: decimal('50'), price, timeInForce: 'POST_ONLY' });
      const [watching] = others;
      expect(await watching!.placeOrder({ clientOrderId: newId(), terms, signedAt: Date.now() })).toMatchObject({
        kind: 'accepted',
      });
      expect(await place({ symbol: xrp, side: 'SELL', amount: decimal('50') })).toMatchObject({ kind: 'accepted' });
      const [told] = await eventually(() => (fills().length > 0 ? fills() : null));
      expect(told).toMatchObject({ takerOrMaker: 'maker', side: 'BUY', amount: '50', price });
      expect(told!.fees).toEqual([{ currency: 'XRP', cost: '0.05' }]);
      const asked = await watching!.fillsSince(xrp, Date.now() - 60_000);
      expect(asked.filter(({ tradeId }) => tradeId === told!.tradeId)).toEqual([told]);
    });
  });
});

describe('an answer of MEXC', () => {
  const keyInfo = {
    accessKey: 'mine',
    permissions: 'SPOT_ACCOUNT_READ,SPOT_DEAL_READ,SPOT_DEAL_WRITE',
    ipWhiteList: '1.1.1.1',
    status: 'VALID',
  };
  /** As much of ccxt's object as a question needs, with the answer that MEXC would give. */
  const exchangeThat = (answers: object) => ({ apiKey: 'mine', ...answers }) as unknown as CcxtAccountExchange;
  const unknown = { mayTrade: null, mayWithdraw: null, mayTransfer: null, isIpRestricted: null };
  const fit = { mayTrade: true, mayWithdraw: false, mayTransfer: false, isIpRestricted: true };

  it.each([
    ['what a careful key has', {}, fit],
    ['rights in their short form', { permissions: 'SPOT_DEAL_W,SPOT_WITHDRAW_W' }, { ...fit, mayWithdraw: true }],
    ['that it may transfer', { permissions: 'SPOT_DEAL_WRITE,SPOT_TRANSFER_WRITE' }, { ...fit, mayTransfer: true }],
    [
      'a right of tomorrow',
      { permissions: 'SPOT_DEAL_WRITE, VAULT_WRITE' },
      { ...fit, mayWithdraw: null, mayTransfer: null },
    ],
    ['that the key has run out', { status: 'EXPIRED' }, { ...fit, mayTrade: false }],
    ['no addresses', { ipWhiteList: '' }, { ...fit, isIpRestricted: false }],
    ['nothing of addresses', { ipWhiteList: undefined }, { ...fit, isIpRestricted: null }],
    ['no rights at all', { permissions: null }, unknown],
  ])('that tells of a key %s is read so that it fails closed', async (_what, told, expected) => {
    const spotPrivateGetApiKeyInfo = () => Promise.resolve({ ...keyInfo, ...told });
    expect(await mexcKeyPermissions(exchangeThat({ spotPrivateGetApiKeyInfo }))).toEqual(expected);
  });

  it('that tells both sides of a trade with oneself tells two executions', () => {
    const btc = { symbol, exchangeId: 'BTCUSDT', isSwap: false, contractSize: '1' };
    const trade = { symbol, id: '5X1', order: 'C02__1', price: '2', amount: '3', timestamp: 1_700_000_000_000 };
    const sides = ['buy', 'sell'].flatMap((side) =>
      [true, false].map((isSelfTrade) =>
        mexcTrading.readFill({ ...trade, side, info: { isSelfTrade, isMaker: false } }, btc),
      ),
    );
    expect(sides.map(({ tradeId }) => tradeId)).toEqual(['5X1-BUY', '5X1', '5X1-SELL', '5X1']);
  });

  it('about another key is not believed', async () => {
    const spotPrivateGetApiKeyInfo = () => Promise.resolve({ ...keyInfo, accessKey: 'another' });
    await expect(mexcKeyPermissions(exchangeThat({ spotPrivateGetApiKeyInfo }))).rejects.toThrow(BadMarketData);
  });

  it.each([
    ['30004', 'Insufficient position', 'INSUFFICIENT_BALANCE'],
    ['10101', 'Insufficient balance', 'INSUFFICIENT_BALANCE'],
    ['30002', 'The minimum transaction volume cannot be less than：5USDT', 'MARKET_RULE_VIOLATED'],
    ['30087', 'Order price exceeds allowed range', 'MARKET_RULE_VIOLATED'],
    ['30000', 'suspended transaction for the symbol', 'MARKET_CLOSED'],
    ['30028', 'The selling is suspended', 'MARKET_CLOSED'],
    ['30019', 'api market order is disabled', 'EXCHANGE_REFUSED'],
    ['30029', 'Cannot exceed the maximum order limit', 'TOO_MANY_ORDERS'],
    ['400', 'api key required', 'NOT_PERMITTED'],
    ['10072', 'Api key info invalid', 'NOT_PERMITTED'],
    ['700002', 'Signature for this request is not valid.', 'NOT_PERMITTED'],
    ['700003', 'Timestamp for this request is outside of the recvWindow.', 'CLOCK_SKEWED'],
    ['700006', 'IP non white list', 'NOT_PERMITTED'],
    ['510', 'Requests are too frequent', 'EXCHANGE_RATE_LIMITED'],
  ])('with %s "%s" excludes that it has the order: %s', (code, message, refusal) => {
    expect(refusalIn({ status: 400, code, message }, mexcRefusals)).toBe(refusal);
    expect(refusalIn({ status: 500, code, message }, mexcRefusals)).toBeNull();
  });

  it.each(['400', '500', '501', '503', '504', '20002', '730000', '730002', '22222', '-1', '999999'])(
    'with %s leaves open whether it has it',
    (code) => {
      expect(refusalIn({ status: 400, code, message: 'Something' }, mexcRefusals)).toBeNull();
    },
  );
});

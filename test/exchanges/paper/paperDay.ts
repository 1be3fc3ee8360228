import { Decimal } from '../../../src/domain/decimal';
import type { OrderBook, PublicTrade } from '../../../src/domain/marketData';
import type { Fill, OrderReport, OrderTerms } from '../../../src/domain/orders';
import type { AccountEvent } from '../../../src/exchanges/tradingPort';
import type { DayEvent } from './paperDayEvents';
import { PaperOracle, Supply, units } from './paperOracle';
import { accountId, ScriptedPaper, spot, swap, terms } from './scriptedPaper';

export type DayKind = 'SPOT' | 'ONE_WAY' | 'HEDGE';

/** Little where it stands for ten times as much, so that it is lost now and then. */
const firstMoney = { SPOT: { USDT: '5000', BTC: '20' }, ONE_WAY: { USDT: '150' }, HEDGE: { USDT: '150' } } as const;
const lowestMiddle = 30;

/** What made a change. Fills have to be explained by it. */
type Cause =
  | { readonly kind: 'order' | 'book' }
  | { readonly kind: 'trade'; readonly trade: PublicTrade }
  | { readonly kind: 'other' };

/** One random day of a paper account, with a book-keeper at its side. */
export class PaperDay {
  /** What has happened, in a word each. */
  readonly seen = new Set<string>();
  readonly #symbol: string;
  readonly #oracle: PaperOracle;
  readonly #supply = { BUY: new Supply(), SELL: new Supply() };
  /** When each order was placed, and for stops, since when its trigger is known to have been met. */
  readonly #orders = new Map<
    string,
    { readonly terms: OrderTerms; readonly placedAt: number; triggeredAt: number | null; best: number | null }
  >();
  #middle = 100;
  #last = 100;
  /** What every bar begins with: the prices of the newest book, and of the trades since. */
  #standing: number[] = [];
  /** Lowest and highest price of the bar. */
  #bar: [number, number] = [100, 100];
  #handled = 0;
  #transfers = 0;
  #count = 0;

  private constructor(
    private readonly kind: DayKind,
    private readonly paper: ScriptedPaper,
  ) {
    this.#symbol = kind === 'SPOT' ? spot : swap;
    this.#oracle = new PaperOracle(firstMoney[kind]);
  }

  static async open(kind: DayKind): Promise<PaperDay> {
    const paper = await ScriptedPaper.open({
      balances: firstMoney[kind],
      positionMode: kind === 'HEDGE' ? 'HEDGE' : 'ONE_WAY',
    });
    const day = new PaperDay(kind, paper);
    await day.#listen();
    return day;
  }

  async play(event: DayEvent): Promise<void> {
    this.paper.now += 2;
    switch (event.kind) {
      case 'book':
        return this.#tellBook(event);
      case 'trade':
        return this.#tellTrade(event);
      case 'order':
        return this.#placeOrder(event);
      case 'cancel':
        return this.#cancel(event.which);
      case 'stale':
        this.paper.snapshotBook = null;
        await this.paper.tell({ type: 'stale' }, this.#symbol);
        return this.#check({ kind: 'other' });
      case 'mark':
        return this.#tellMark(event.offset);
      case 'funding':
        return this.#tellFunding(event.permille);
      case 'bar':
        this.#bar = [Infinity, -Infinity];
        for (const price of this.#standing) this.#notePrice(price);
    }
  }

  async end(): Promise<void> {
    for (const order of await this.paper.port.openOrders(null)) {
      await this.paper.port.cancelOrder({
        symbol: order.symbol,
        clientOrderId: order.clientOrderId!,
        exchangeOrderId: null,
      });
    }
    await this.#check({ kind: 'other' });
    expect(await this.paper.failures()).toBe(0);
  }

  /** The market is followed from the first order on: this one is far from everything. */
  async #listen(): Promise<void> {
    this.paper.snapshotBook = this.#makeBook({ spread: 1, sizes: [1] });
    const positionSide = this.kind === 'HEDGE' ? ('LONG' as const) : null;
    await this.paper.accept({ symbol: this.#symbol, type: 'LIMIT', amount: '0.1', price: '1', positionSide }, 'first');
    await this.paper.port.cancelOrder({ symbol: this.#symbol, clientOrderId: 'first', exchangeOrderId: null });
    await this.#tellBook({ kind: 'book', move: 0, spread: 1, sizes: [20, 20, 20] });
    await this.#tellTrade({ kind: 'trade', offset: 0, tenths: 1, side: 'BUY', lateMs: 0 });
  }

  #makeBook({ spread, sizes }: { readonly spread: number; readonly sizes: readonly number[] }): OrderBook {
    const side = (direction: 1 | -1) =>
      sizes.map((size, level) => [String(this.#middle + direction * (spread + level)), `${size / 10}`] as const);
    return this.paper.makeBook(side(-1), side(1), this.#symbol);
  }

  async #tellBook(event: Extract<DayEvent, { kind: 'book' }>): Promise<void> {
    this.#middle = Math.max(lowestMiddle, this.#middle + event.move);
    const book = this.#makeBook(event);
    this.paper.snapshotBook = book;
    this.#supply.BUY.show(book.asks);
    this.#supply.SELL.show(book.bids);
    this.#standing = [...book.bids, ...book.asks].map(({ price }) => Number(price));
    for (const price of this.#standing) this.#notePrice(price);
    await this.paper.tell({ type: 'book', book }, this.#symbol);
    await this.#check({ kind: 'book' });
  }

  async #tellTrade({ offset, tenths, side, lateMs }: Extract<DayEvent, { kind: 'trade' }>): Promise<void> {
    const price = this.#middle + offset;
    const made = this.paper.makeTrade(String(price), `${tenths / 10}`, side, this.#symbol);
    const trade = { ...made, exchangeTime: made.exchangeTime - lateMs };
    this.#last = price;
    this.#standing.push(price);
    this.#notePrice(price);
    for (const order of this.#orders.values()) this.#followTrigger(order, trade);
    await this.paper.tell({ type: 'trades', trades: [trade] }, this.#symbol);
    await this.#check({ kind: 'trade', trade });
  }

  async #placeOrder(event: Extract<DayEvent, { kind: 'order' }>): Promise<void> {
    const asked = this.#termsOf(event);
    this.#count += 1;
    const clientOrderId = `o${this.#count}`;
    const known = {
      terms: asked,
      placedAt: this.paper.now + 1,
      triggeredAt: null,
      best: asked.type === 'TRAILING_STOP' ? this.#last : null,
    };
    this.#orders.set(clientOrderId, known);
    const outcome = await this.paper.place(asked, clientOrderId);
    expect(outcome.kind).not.toBe('unknown');
    if (outcome.kind === 'refused') {
      this.#orders.delete(clientOrderId);
      this.seen.add(`refused ${outcome.code}`);
    }
    if (outcome.kind === 'accepted') this.seen.add(outcome.report.status);
    await this.#check({ kind: 'order' });
  }

  #termsOf(event: Extract<DayEvent, { kind: 'order' }>): OrderTerms {
    const { type, side, offset, triggerOffset, trailingPercent } = event;
    const hasLimit = type === 'LIMIT' || type === 'STOP_LIMIT' || type === 'TAKE_PROFIT_LIMIT';
    const hasTrigger = type !== 'MARKET' && type !== 'LIMIT' && type !== 'TRAILING_STOP';
    const isQuote = event.isQuote && type === 'MARKET' && side === 'BUY' && this.kind === 'SPOT';
    return terms({
      symbol: this.#symbol,
      type,
      side,
      amount: isQuote ? null : `${event.tenths / 10}`,
      quoteAmount: isQuote ? `${event.tenths * 7.37}` : null,
      price: hasLimit ? String(this.#middle + offset) : null,
      triggerPrice: hasTrigger ? String(this.#middle + triggerOffset) : null,
      trailingDelta: type === 'TRAILING_STOP' ? `0.0${trailingPercent}` : null,
      timeInForce: hasLimit ? event.timeInForce : null,
      positionSide: this.kind === 'HEDGE' ? event.positionSide : null,
      reduceOnly: this.kind === 'ONE_WAY' && event.reduceOnly,
    });
  }

  async #cancel(which: number): Promise<void> {
    const open = await this.paper.port.openOrders(null);
    const order = open[which % Math.max(1, open.length)];
    if (order === undefined) return;
    await this.paper.port.cancelOrder({
      symbol: order.symbol,
      clientOrderId: order.clientOrderId!,
      exchangeOrderId: null,
    });
    await this.#check({ kind: 'other' });
  }

  async #tellMark(offset: number): Promise<void> {
    if (this.kind === 'SPOT') return;
    const price = Math.max(1, this.#middle + offset);
    await this.paper.tell({ type: 'mark', price: String(price) as PublicTrade['price'] }, this.#symbol);
    await this.#check({ kind: 'other' });
  }

  async #tellFunding(permille: number): Promise<void> {
    if (this.kind === 'SPOT') return;
    const rate = new Decimal(permille).dividedBy(1_000).toString() as PublicTrade['price'];
    const markPrice = String(this.#middle) as PublicTrade['price'];
    const due = { type: 'funding', rate, markPrice, dueAt: this.paper.now } as const;
    await this.paper.tell(due, this.#symbol);
    await this.paper.tell(due, this.#symbol);
    await this.#check({ kind: 'other' });
  }

  #notePrice(price: number): void {
    this.#bar = [Math.min(this.#bar[0], price), Math.max(this.#bar[1], price)];
  }

  #followTrigger(
    order: { readonly terms: OrderTerms; readonly placedAt: number; triggeredAt: number | null; best: number | null },
    trade: PublicTrade,
  ): void {
    const { type, side, triggerPrice, trailingDelta } = order.terms;
    if (trade.exchangeTime < order.placedAt || order.triggeredAt !== null) return;
    const price = Number(trade.price);
    const isBuy = side === 'BUY';
    if (type === 'TRAILING_STOP') order.best = (isBuy ? Math.min : Math.max)(order.best ?? price, price);
    const best = new Decimal(order.best ?? 0);
    const distance = best.times(trailingDelta ?? '0');
    const trigger =
      type === 'TRAILING_STOP'
        ? isBuy
          ? best.plus(distance)
          : best.minus(distance)
        : new Decimal(triggerPrice ?? '0');
    const isUpward = isBuy !== type.startsWith('TAKE_PROFIT');
    if (isUpward ? trigger.lessThanOrEqualTo(price) : trigger.greaterThanOrEqualTo(price))
      order.triggeredAt = this.paper.now;
  }

  /** Looks at everything that was told since the last look, and at the books as they are. */
  async #check(cause: Cause): Promise<void> {
    const told = this.paper.events.slice(this.#handled);
    this.#handled = this.paper.events.length;
    this.#checkFills(told, cause);
    await this.#checkMoney();
  }

  #checkFills(told: readonly AccountEvent[], cause: Cause): void {
    let ofTrade = 0n;
    for (const event of told) {
      if (event.type === 'order') this.#noteOrder(event.report);
      if (event.type !== 'fill') continue;
      const { fill } = event;
      this.seen.add(fill.takerOrMaker ?? '');
      this.#oracle.book(fill, this.kind !== 'SPOT');
      if (fill.clientOrderId === null) this.seen.add('liquidated');
      else this.#checkFill(fill, cause);
      if (cause.kind === 'trade' && fill.clientOrderId !== null) ofTrade += units(fill.amount);
    }
    if (cause.kind === 'trade') expect(ofTrade).toBeLessThanOrEqual(units(cause.trade.amount));
  }

  /** A liquidation is at the mark; everything else has to be explained by the market. */
  #checkFill(fill: Fill, cause: Cause): void {
    const order = this.#orders.get(fill.clientOrderId!);
    const price = Number(fill.price);
    expect(order).toBeDefined();
    expect(cause.kind).not.toBe('other');
    expect(price).toBeGreaterThanOrEqual(this.#bar[0]);
    expect(price).toBeLessThanOrEqual(this.#bar[1]);
    expect(fill.exchangeTime).toBeGreaterThanOrEqual(order!.placedAt);
    const isStop = order!.terms.type !== 'MARKET' && order!.terms.type !== 'LIMIT';
    if (isStop) {
      this.seen.add('triggered');
      expect(order!.triggeredAt).not.toBeNull();
      expect(fill.exchangeTime).toBeGreaterThan(order!.triggeredAt!);
    }
    const limit = order!.terms.price === null ? null : units(order!.terms.price);
    const isWithin = (level: bigint): boolean =>
      limit === null || (fill.side === 'BUY' ? level <= limit : level >= limit);
    expect(isWithin(units(fill.price))).toBe(true);
    if (cause.kind === 'trade') {
      expect(fill.takerOrMaker).toBe('maker');
      expect(cause.trade.exchangeTime).toBeGreaterThanOrEqual(order!.placedAt);
      expect(isWithin(units(cause.trade.price))).toBe(true);
    } else if (fill.takerOrMaker === 'taker') this.#supply[fill.side].take(fill.price, units(fill.amount));
    else {
      expect(cause.kind).toBe('book');
      this.#supply[fill.side].takeBest(units(fill.amount), isWithin);
    }
  }

  #noteOrder(report: OrderReport): void {
    this.seen.add(report.status);
    const asked = report.terms.amount;
    if (asked !== null) expect(units(report.filled)).toBeLessThanOrEqual(units(asked));
  }

  /** Σ money and what is held is what came in and went out, to the last digit; nothing is negative; what is held is held for something. */
  async #checkMoney(): Promise<void> {
    const transfers = await this.paper.port.transfersSince(0);
    for (const { kind, currency, amount } of transfers.slice(this.#transfers)) {
      this.#oracle.receive(currency, units(amount));
      if (kind === 'FUNDING') this.seen.add('FUNDING');
    }
    this.#transfers = transfers.length;
    const ledger = (await this.paper.store.load(accountId))!;
    const realized = [...this.#oracle.flows.values()].reduce((sum, flow) => sum + flow, 0n);
    const held = [...ledger.positions.values()].reduce(
      (sum, { state }) => sum + (state.side === 'LONG' ? 1n : -1n) * units(state.cost),
      0n,
    );
    for (const { currency, free, used, total } of await this.paper.port.balances()) {
      expect(units(free)).toBeGreaterThanOrEqual(0n);
      expect(units(used)).toBeGreaterThanOrEqual(0n);
      expect(units(free) + units(used)).toBe(units(total));
      const profit = this.kind !== 'SPOT' && currency === 'USDT' ? realized + held : 0n;
      expect(units(total)).toBe(this.#oracle.total(currency) + profit);
      const reserved = [...ledger.openOrders.values()].filter(({ reservedCurrency }) => reservedCurrency === currency);
      const margins = [...ledger.positions.values()].filter(({ settleCurrency }) => settleCurrency === currency);
      const needed = [...reserved.map((order) => order.reserved), ...margins.map(({ margin }) => margin)];
      expect(units(used)).toBe(needed.reduce((sum, amount) => sum + units(amount.toString()), 0n));
    }
  }
}

import type { Asker } from '../../../src/trading/orderIntake';
import type { OrderAnswer } from '../../../src/trading/trading';
import { parseMarketId, toMarketId } from '../../../src/domain/market';
import { isTerminal } from '../../../src/domain/orderPhases';
import type { OrderRecord } from '../../../src/storage/trading/records';
import type { Chance } from './chance';
import { chooseAmount, choosePrice, chooseTerms } from './orderChoice';
import { exchangeId } from './simulatedMarkets';
import type { SimulatedExchange } from './simulatedExchange';
import type { SimulatedNode } from './simulatedNode';
import type { Trace } from './trace';

interface Request {
  readonly idempotencyKey: string;
  readonly ask: (node: SimulatedNode) => Promise<OrderAnswer>;
}

export interface ClientParts {
  readonly asker: Asker;
  readonly accountId: string;
  readonly chance: Chance;
  readonly trace: Trace;
  readonly exchange: SimulatedExchange;
  /** Those that live; any of them may be asked. */
  readonly nodes: () => readonly SimulatedNode[];
  readonly openPositions: () => Promise<readonly string[]>;
  readonly onViolation: (violation: string) => void;
}

const actions = { create: 44, repeat: 7, twice: 5, edit: 22, cancel: 12, cancelAll: 3, close: 8, state: 4 } as const;

/** What clients ask, of whichever node, without waiting for the answer to the last request; some ask again with the same key. */
export class SimulatedClient {
  readonly #requests: Request[] = [];
  /** Those of which an answer told that they are not done. */
  readonly #orders = new Map<string, Pick<OrderRecord, 'marketId' | 'side'>>();
  readonly #answers = new Map<string, string>();
  #halts = 0;

  constructor(private readonly parts: ClientParts) {}

  act(): void {
    const { chance, nodes } = this.parts;
    const living = nodes();
    if (living.length === 0) return;
    const node = chance.oneOf(living);
    const action = chance.weighted(actions);
    switch (action) {
      case 'create':
        this.#send(node, this.#create());
        return;
      case 'repeat':
        if (this.#requests.length > 0) this.#send(node, chance.oneOf(this.#requests));
        return;
      case 'twice': {
        const request = this.#create();
        for (let times = 0; times < 3; times += 1) this.#send(chance.oneOf(living), request);
        return;
      }
      case 'edit':
        if (this.#orders.size > 0) this.#send(node, this.#edit());
        return;
      case 'cancel':
        if (this.#orders.size > 0) this.#cancel(node, chance.oneOf([...this.#orders.keys()]));
        return;
      case 'cancelAll':
        this.#trace(action, () => node.opened.trading.cancelAllOrders(this.parts.asker, this.#ofAll()));
        return;
      case 'close':
        this.#trace(action, () => this.#close(node));
        return;
      case 'state':
        this.#setState(node);
        return;
    }
  }

  /** What was halted trades again. */
  resume(node: SimulatedNode): void {
    if (this.#halts > 0) this.#state(node, 'ACTIVE', false);
  }

  #ofAll(): { readonly accountId: string; readonly market: null } {
    return { accountId: this.parts.accountId, market: null };
  }

  #create(): Request {
    const { asker, accountId, chance, exchange } = this.parts;
    const { symbol, ...terms } = chooseTerms(chance, exchange);
    const input = { ...terms, market: toMarketId(exchangeId, symbol) };
    const idempotencyKey = this.#newKey();
    const request = { accountId, idempotencyKey, subject: null, maxPriceAgeMs: null, input };
    return { idempotencyKey, ask: (node) => node.opened.trading.createOrder(asker, request) };
  }

  #edit(): Request {
    const { asker, chance, exchange } = this.parts;
    const idempotencyKey = this.#newKey();
    const [orderId, { marketId, side }] = chance.oneOf([...this.#orders].slice(-4));
    const { symbol } = parseMarketId(marketId)!;
    const price = chance.hits(0.6) ? choosePrice(chance, exchange, { symbol, side }) : null;
    const amount = price === null || chance.hits(0.4) ? chooseAmount(chance, symbol) : null;
    const request = { orderId, idempotencyKey, price, amount, expectedVersion: null };
    return { idempotencyKey, ask: (node) => node.opened.trading.editOrder(asker, request) };
  }

  async #close(node: SimulatedNode): Promise<unknown> {
    const { asker, chance, openPositions } = this.parts;
    const positions = await openPositions();
    if (positions.length === 0) return null;
    const fraction = chance.oneOf(['1', '0.5', '0.25']);
    const request = { positionId: chance.oneOf(positions), idempotencyKey: this.#newKey(), fraction };
    return node.opened.trading.closePosition(asker, request);
  }

  #cancel(node: SimulatedNode, orderId: string): void {
    this.#trace('cancel', () => node.opened.trading.cancelOrder(this.parts.asker, orderId));
  }

  #setState(node: SimulatedNode): void {
    const { chance } = this.parts;
    if (this.#halts > 0 && chance.hits(0.7)) this.#state(node, 'ACTIVE', false);
    else this.#state(node, chance.oneOf(['HALTED', 'REDUCING']), chance.hits(0.4));
  }

  #state(node: SimulatedNode, state: 'ACTIVE' | 'HALTED' | 'REDUCING', flatten: boolean): void {
    const { asker, accountId } = this.parts;
    this.#halts = state === 'ACTIVE' ? 0 : this.#halts + 1;
    const change = { state, flatten, reason: 'the simulation says so' };
    const risk = { ownerId: asker.userId, actor: asker.actor };
    this.#trace(`state ${state}`, () => node.states.setTradingState(risk, accountId, change));
  }

  #send(node: SimulatedNode, request: Request): void {
    if (!this.#requests.includes(request)) this.#requests.push(request);
    const { idempotencyKey: key } = request;
    this.#trace(`request ${key}`, async () => {
      const answer = await request.ask(node);
      if (answer.order === null || answer.refusal !== null) return answer;
      const { id, phase } = answer.order;
      const known = this.#answers.get(key);
      if (!isTerminal(phase)) this.#orders.set(id, answer.order);
      if (known !== undefined && known !== id) this.parts.onViolation(`${key} stands for ${known} and for ${id}`);
      this.#answers.set(key, id);
      return answer;
    });
  }

  #trace(what: string, work: () => Promise<unknown>): void {
    const { trace } = this.parts;
    trace.write(`client: ${what}`);
    work().then(
      (answer) => {
        trace.write(`client: ${what} answered`, answer);
      },
      (error: unknown) => {
        trace.write(`client: ${what} failed`, error);
      },
    );
  }

  #newKey(): string {
    return `key ${this.parts.chance.uuid()}`;
  }
}

import type { EpochMs } from '../../domain/marketData';
import type { CcxtBookHooks, CcxtClass, CcxtClient, CcxtExchange, CcxtHooks } from '../ccxtTypes';
import { currentTrace, type RestAnswer } from './callTrace';
import { keepUnheardAnswers } from './unheardAnswers';

interface RestMembers extends CcxtExchange, CcxtHooks, CcxtBookHooks {
  nonce(): number;
  throttle(cost: number): Promise<unknown>;
  /** Its bucket is refilled with time; below zero, whoever asks waits. */
  readonly throttler: { readonly config: { tokens: number } };
  spawn(method: unknown, ...args: readonly unknown[]): unknown;
  delay(timeoutMs: number, method: unknown, ...args: readonly unknown[]): void;
  fetch(url: string, ...request: readonly unknown[]): Promise<unknown>;
  undiciRequest(...request: readonly unknown[]): Promise<unknown>;
  getDispatcherOptions(...kind: readonly unknown[]): Readonly<Record<string, unknown>>;
  amountToPrecision(symbol: string, amount: unknown): unknown;
  priceToPrecision(symbol: string, price: unknown): unknown;
  costToPrecision(symbol: string, cost: unknown): unknown;
}

/** Bytes of one answer: Binance's list of markets is a tenth of it. */
const maxAnswerBytes = 64 * 1024 * 1024;

/**
 * In ccxt's units, of a call about one order that is there; a new one costs up to four. A comparison with the exchange costs over a
 * hundred, for which ccxt keeps five seconds; an order or a cancel that stood in one queue with it would wait as long.
 */
const costOfOneOrder = 1;

/** Node and undici say these of a connection that never came about; any other failure may have come after the request. */
const connectFailures = ['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'UND_ERR_CONNECT_TIMEOUT'];

/** The request was not handed to the network. */
export class NotSent extends Error {
  constructor(what: string) {
    super(what);
    this.name = 'NotSent';
  }
}

/**
 * A subclass of a ccxt class that is fit to send orders: it signs with the time that the caller has written down, sends what it was
 * given digit by digit (ccxt would round amounts and prices), hands one request a call to the network, and remembers the answer.
 */
export function refineForTrading(
  base: CcxtClass,
  limits: { readonly clock: () => EpochMs; readonly answerTimeoutMs: number },
): CcxtClass {
  const { clock, answerTimeoutMs } = limits;
  const parent = base as CcxtClass<RestMembers>;
  return class extends parent {
    constructor(config: Readonly<Record<string, unknown>>) {
      super(config);
      // No method, but a member that ccxt sets in its own constructor; what a market order may cost goes through it.
      Object.assign(this, { decimalToPrecision: (value: unknown) => value });
    }

    override nonce(): number {
      return currentTrace()?.signedAt ?? super.nonce();
    }

    override throttle(cost: number): Promise<unknown> {
      const trace = currentTrace();
      const isNewOrder = typeof trace?.signedAt === 'number';
      if (isNewOrder || cost <= costOfOneOrder) return Promise.resolve();
      if (trace?.urgency !== 'URGENT') return super.throttle(cost);
      this.throttler.config.tokens -= cost;
      return Promise.resolve();
    }

    override fetch(url: string, ...request: readonly unknown[]): Promise<unknown> {
      const trace = currentTrace();
      if (trace !== null) {
        // An order that is sent twice may be carried out twice.
        if (trace.signedAt !== null && trace.requests > 0) throw new Error('a second request with one signature');
        const isLate = trace.sendBefore !== null && clock() > trace.sendBefore;
        if (isLate || trace.isAbandoned) throw new NotSent('its turn came too late');
        trace.requests += 1;
      }
      return super.fetch(url, ...request);
    }

    override async undiciRequest(...request: readonly unknown[]): Promise<unknown> {
      try {
        return await super.undiciRequest(...request);
      } catch (error) {
        const trace = currentTrace();
        if (trace !== null) trace.isUnconnected = connectFailures.includes(codeOf(error));
        throw error;
      }
    }

    /** ccxt's own time-out ends with the head of an answer. */
    override getDispatcherOptions(...kind: readonly unknown[]): Readonly<Record<string, unknown>> {
      const bounds = { bodyTimeout: answerTimeoutMs, maxResponseSize: maxAnswerBytes };
      return { ...super.getDispatcherOptions(...kind), ...bounds };
    }

    override handleErrors(...response: readonly unknown[]): unknown {
      const trace = currentTrace();
      const [status, , , , , , body] = response;
      if (trace !== null) trace.answer = readAnswer(status, body);
      return super.handleErrors(...response);
    }

    /** ccxt's timers (the next turn of a listen key) would keep the process alive for minutes. */
    override delay(timeoutMs: number, method: unknown, ...args: readonly unknown[]): void {
      setTimeout(() => this.spawn(method, ...args), timeoutMs).unref();
    }

    override amountToPrecision(_symbol: string, amount: unknown): unknown {
      return amount;
    }

    override priceToPrecision(_symbol: string, price: unknown): unknown {
      return price;
    }

    override costToPrecision(_symbol: string, cost: unknown): unknown {
      return cost;
    }

    override client(url: string): CcxtClient {
      const isNew = !(url in this.clients);
      const client = super.client(url);
      if (isNew) keepUnheardAnswers(client);
      return client;
    }
  };
}

function codeOf(error: unknown): string {
  const { code } = typeof error === 'object' && error !== null ? (error as { readonly code?: unknown }) : {};
  return typeof code === 'string' ? code : '';
}

function readAnswer(status: unknown, body: unknown): RestAnswer {
  const { code, msg } = typeof body === 'object' && body !== null ? (body as Readonly<Record<string, unknown>>) : {};
  return {
    status: typeof status === 'number' ? status : 0,
    code: typeof code === 'number' || typeof code === 'string' ? String(code) : null,
    message: typeof msg === 'string' ? msg.slice(0, 200) : null,
  };
}

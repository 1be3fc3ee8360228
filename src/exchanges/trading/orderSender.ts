import type { OrderReport } from '../../domain/orders';
import { BadMarketData } from '../badMarketData';
import type { CcxtConnection } from '../ccxtConnection';
import { within } from '../within';
import type { RefusalCode, SendOutcome } from '../tradingPort';
import type { AccountMarkets } from './accountMarkets';
import type { AccountQuestions } from './accountQuestions';
import { traced } from './callTrace';
import { classifySending, describeFailure } from './classifySending';
import type { AccountMarket, NewOrder, OrderCall, TradingDifferences } from './tradingDifferences';

/** How long after its signature an exchange takes a request, in milliseconds. */
const recvWindowMs = 5_000;

/** Sends new orders, each once, and says what came of it. Never rejects. */
export class OrderSender {
  constructor(
    private readonly parts: {
      readonly connection: CcxtConnection;
      readonly questions: AccountQuestions;
      readonly markets: AccountMarkets;
      readonly differences: TradingDifferences;
      readonly answerTimeoutMs: number;
    },
  ) {}

  async place(order: NewOrder): Promise<SendOutcome> {
    const { connection, markets, differences } = this.parts;
    const { pauseMs } = connection.rest;
    if (pauseMs > 0) return refused('EXCHANGE_RATE_LIMITED', `the exchange wants a pause of ${pauseMs} ms`);
    try {
      await markets.load();
    } catch (error) {
      return refused('EXCHANGE_UNREACHABLE', describeFailure(error));
    }
    const market = markets.find(order.terms.symbol);
    if (market === null) return refused('MARKET_CLOSED', 'the exchange does not list this market');
    const call = differences.orderCall(order.terms, market);
    if (call === null) return refused('EXCHANGE_REFUSED', 'the exchange takes no such orders');
    return this.#send(order, market, call);
  }

  async #send(order: NewOrder, market: AccountMarket, call: OrderCall): Promise<SendOutcome> {
    const { connection, questions, differences } = this.parts;
    const { clientOrderId, terms, signedAt } = order;
    const exchange = await questions.exchange();
    const { ccxt } = connection.surroundings;
    const params = { ...call.params, clientOrderId };
    return traced(
      { signedAt, sendBefore: signedAt + recvWindowMs, urgency: 'URGENT' },
      async (trace): Promise<SendOutcome> => {
        let answer: unknown;
        try {
          const side = terms.side === 'BUY' ? 'buy' : 'sell';
          const sent = exchange.createOrder(terms.symbol, call.type, side, call.amount, call.price, params);
          answer = await within(sent, recvWindowMs + this.parts.answerTimeoutMs);
        } catch (error) {
          trace.isAbandoned = true;
          return classifySending(error, { trace, rules: differences.refusals, ccxt });
        }
        try {
          return { kind: 'accepted', report: readPlaced(answer, { order, market, differences }) };
        } catch (error) {
          if (!(error instanceof BadMarketData)) throw error;
          connection.countBadData('account');
          return { kind: 'unknown', reason: `an answer that cannot be: ${error.message}` };
        }
      },
    );
  }
}

function readPlaced(
  answer: unknown,
  context: { readonly order: NewOrder; readonly market: AccountMarket; readonly differences: TradingDifferences },
): OrderReport {
  const { order, market, differences } = context;
  const report = differences.readPlaced(answer, order, market);
  if (report.clientOrderId !== order.clientOrderId) throw new BadMarketData('it names another order');
  return report;
}

function refused(code: RefusalCode, message: string): SendOutcome {
  return { kind: 'refused', code, message };
}

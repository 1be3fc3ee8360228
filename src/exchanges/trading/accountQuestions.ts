import { AppError } from '../../errors/appError';
import { BadMarketData } from '../badMarketData';
import type { CcxtConnection } from '../ccxtConnection';
import type { CcxtAccountExchange, CcxtModule } from '../ccxtTypes';
import type { Urgency } from '../tradingPort';
import { rateLimited } from '../translateError';
import { traced, type CallTrace } from './callTrace';
import { describeFailure } from './classifySending';

interface AskOptions {
  /** PATIENT where nothing is said. */
  readonly urgency?: Urgency | undefined;
}

interface AskWhereAbsent extends AskOptions {
  /** What the exchange has answered by then: that it has no such thing. The question is then answered with null. */
  readonly isAbsent: (trace: CallTrace) => boolean;
}

/** The signed questions of one account. Failures come out as ours, without ccxt's words: they hold the signed address. */
export class AccountQuestions {
  constructor(private readonly connection: CcxtConnection) {}

  /** Runs a call of ccxt and the reading of its answer. Throws EXCHANGE_UNAVAILABLE, EXCHANGE_RATE_LIMITED, CREDENTIALS_REFUSED. */
  async ask<T>(call: (exchange: CcxtAccountExchange) => Promise<T>, options: AskWhereAbsent): Promise<T | null>;
  async ask<T>(call: (exchange: CcxtAccountExchange) => Promise<T>, options?: AskOptions): Promise<T>;
  async ask<T>(
    call: (exchange: CcxtAccountExchange) => Promise<T>,
    { urgency = 'PATIENT', isAbsent }: AskOptions & Partial<AskWhereAbsent> = {},
  ): Promise<T | null> {
    const { rest } = this.connection;
    if (rest.pauseMs > 0) throw rateLimited(rest.pauseMs);
    const exchange = await this.exchange();
    return traced({ signedAt: null, sendBefore: null, urgency }, async (trace) => {
      try {
        return await call(exchange);
      } catch (error) {
        if (isAbsent?.(trace) === true) return null;
        throw this.#translate(error, trace);
      }
    });
  }

  async exchange(): Promise<CcxtAccountExchange> {
    return (await this.connection.exchange()) as CcxtAccountExchange;
  }

  #translate(error: unknown, { answer }: CallTrace): AppError {
    if (error instanceof AppError) return error;
    if (error instanceof BadMarketData) {
      this.connection.countBadData('account');
      return new AppError('EXCHANGE_UNAVAILABLE', { cause: error });
    }
    const { rest, surroundings } = this.connection;
    const cause = new Error(describeFailure(error));
    if (areCredentialsRefused(error, answer, surroundings.ccxt)) return new AppError('CREDENTIALS_REFUSED', { cause });
    const isTooMuch = answer?.status === 429 || answer?.status === 418;
    return isTooMuch ? rateLimited(rest.pauseMs, cause) : new AppError('EXCHANGE_UNAVAILABLE', { cause });
  }
}

/** By the status: once a call has succeeded, ccxt takes a refused key for a ban. */
function areCredentialsRefused(error: unknown, answer: CallTrace['answer'], ccxt: CcxtModule): boolean {
  return answer?.status === 401 || error instanceof ccxt.AuthenticationError;
}

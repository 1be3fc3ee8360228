import type { ExchangeCredentials } from '../../domain/exchangeCredentials';
import type { EpochMs } from '../../domain/marketData';
import type { Logger } from '../../telemetry/logger';
import type { Metrics } from '../../telemetry/metrics';
import { binanceDifferences } from '../binance/binanceDifferences';
import { binanceTrading } from '../binance/binanceTrading';
import { CcxtConnection } from '../ccxtConnection';
import type { ExchangeDifferences } from '../exchangeDifferences';
import { ExchangeNotNamed } from '../exchangeNotNamed';
import type { ExchangeSettings } from '../exchangeSettings';
import { MarketList } from '../marketList';
import { mexcDifferences } from '../mexc/mexcDifferences';
import { mexcTrading } from '../mexc/mexcTrading';
import type { TradingPort } from '../tradingPort';
import { AccountMarkets } from './accountMarkets';
import { AccountQuestions } from './accountQuestions';
import { CcxtTradingPort, readAllBalances, readAllPositions } from './ccxtTradingPort';
import { refineForTrading } from './refineForTrading';
import { SharedAccountStream } from './sharedAccountStream';
import type { TradingDifferences } from './tradingDifferences';

const defaultAnswerTimeoutMs = 15_000;

interface Tradable {
  readonly market: ExchangeDifferences;
  readonly trading: TradingDifferences;
}

/** Exchanges whose refusals we know: of any other, every failure would leave the outcome of an order open. */
const tradableByCcxtId: Readonly<Record<string, Tradable>> = {
  binance: { market: binanceDifferences, trading: binanceTrading },
  mexc: { market: mexcDifferences, trading: mexcTrading },
};

export interface TradingPortsParts {
  readonly settings: readonly ExchangeSettings[];
  readonly clock: () => EpochMs;
  readonly random: () => number;
  readonly logger: Logger;
  readonly metrics: Metrics;
  /** How long an order may take to be answered, 15 s where nothing is said; behind that, its outcome is unknown. */
  readonly answerTimeoutMs?: number;
}

/** The exchanges of the configuration as places where an account can trade. */
export interface TradingPorts {
  /** Our names of the exchanges that LIVE accounts can be at. */
  readonly exchanges: readonly string[];
  /** One account; nothing is dialled before its first use. Throws ExchangeNotNamed for one that is not configured, RangeError for another that is not in `exchanges`. */
  open(account: { readonly exchangeId: string; readonly credentials: ExchangeCredentials }): TradingPort;
}

export function createTradingPorts(parts: TradingPortsParts): TradingPorts {
  const tradable = parts.settings.filter(({ ccxtId }) => ccxtId in tradableByCcxtId);
  return {
    exchanges: tradable.map(({ id }) => id),
    open: ({ exchangeId, credentials }) => {
      const settings = parts.settings.find(({ id }) => id === exchangeId);
      if (settings === undefined) throw new ExchangeNotNamed(exchangeId);
      const differences = tradableByCcxtId[settings.ccxtId];
      if (differences === undefined) throw new RangeError(`accounts at ${exchangeId} cannot trade`);
      return openTradingPort({ ...parts, settings, differences, credentials });
    },
  };
}

function openTradingPort(
  parts: Omit<TradingPortsParts, 'settings'> & {
    readonly settings: ExchangeSettings;
    readonly differences: Tradable;
    readonly credentials: ExchangeCredentials;
  },
): TradingPort {
  const { settings, differences, credentials, clock, answerTimeoutMs = defaultAnswerTimeoutMs } = parts;
  const { trading } = differences;
  const logger = parts.logger.child({ exchange: settings.id });
  const connection = new CcxtConnection({
    ...parts,
    differences: differences.market,
    onConnected: (url) => {
      stream.socketOpened(url);
    },
    account: {
      config: () => ({ ...reveal(credentials), timeout: answerTimeoutMs }),
      options: trading.options,
      refine: (base, ccxt) => refineForTrading(trading.refine(base, ccxt), { clock, answerTimeoutMs }),
    },
  });
  const questions = new AccountQuestions(connection);
  const markets = new AccountMarkets(
    new MarketList({ ...parts, differences: differences.market, connection }),
    questions,
  );
  const asking = { connection, differences: trading, markets, questions };
  const stream = new SharedAccountStream({
    ...asking,
    logger,
    balances: () => readAllBalances(asking),
    positions: () => readAllPositions(asking),
  });
  return new CcxtTradingPort({
    ...asking,
    exchange: settings.id,
    stream,
    clock,
    answerTimeoutMs,
  });
}

/** For ccxt alone, whose object never comes near a log. */
function reveal({ apiKey, secret, passphrase }: ExchangeCredentials): Readonly<Record<string, string>> {
  return {
    apiKey: apiKey.reveal(),
    secret: secret.reveal(),
    ...(passphrase === null ? {} : { password: passphrase.reveal() }),
  };
}

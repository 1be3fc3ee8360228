import { Secret } from '../../src/domain/secret';
import type { ExchangeCredentials } from '../../src/domain/exchangeCredentials';
import type { OrderTerms } from '../../src/domain/orders';
import type { DecimalString } from '../../src/domain/decimal';
import type { TradingPort } from '../../src/exchanges/tradingPort';
import { createTradingPorts } from '../../src/exchanges/trading/openTradingPort';
import { createLogger } from '../../src/telemetry/logger';
import { createMetrics } from '../../src/telemetry/metrics';
import type { RunningSimulator, SimulatorState } from './simulator';

interface DemoKey {
  readonly name: string;
  readonly apiKey: string;
  readonly secret: string;
}

export function credentialsOf(key: Pick<DemoKey, 'apiKey' | 'secret'>): ExchangeCredentials {
  return { apiKey: new Secret(key.apiKey), secret: new Secret(key.secret), passphrase: null };
}

/** The keys of a demo account of the simulated exchange: "trader", "second-trader", "reader", "withdrawer". */
export async function demoCredentials(simulator: RunningSimulator, name: string): Promise<ExchangeCredentials> {
  const { accounts } = (await simulator.state()) as SimulatorState & { readonly accounts: readonly DemoKey[] };
  return credentialsOf(accounts.find((account) => account.name === name)!);
}

/** Where the simulated exchange speaks MEXC's protocol. */
export function mexcOf({ restUrl, wsUrl }: Pick<RunningSimulator, 'restUrl' | 'wsUrl'>) {
  return { restUrl: `${restUrl}/mexc`, wsUrl: `${wsUrl}/mexc` };
}

/** A real trading port (ccxt) to whatever speaks the protocol of `ccxtId` there, Binance's where nothing is said. */
export function openAccount(
  urls: { readonly restUrl: string; readonly wsUrl: string },
  credentials: ExchangeCredentials,
  {
    ccxtId = 'binance',
    ...options
  }: { readonly ccxtId?: string; readonly clock?: () => number; readonly answerTimeoutMs?: number } = {},
): TradingPort {
  const settings = { id: 'simulator', ccxtId, sandbox: false, restUrl: urls.restUrl, wsUrl: urls.wsUrl };
  const ports = createTradingPorts({
    settings: [settings],
    clock: Date.now,
    random: Math.random,
    logger: createLogger('silent'),
    metrics: createMetrics(),
    ...options,
  });
  return ports.open({ exchangeId: 'simulator', credentials });
}

export function decimal(text: string): DecimalString {
  return text as DecimalString;
}

/** A market order to buy 0.001 BTC, and whatever is said otherwise. */
export function orderTerms(changes: Partial<OrderTerms> = {}): OrderTerms {
  return {
    symbol: 'BTC/USDT',
    type: 'MARKET',
    side: 'BUY',
    amount: decimal('0.001'),
    quoteAmount: null,
    price: null,
    triggerPrice: null,
    trailingDelta: null,
    timeInForce: null,
    positionSide: null,
    reduceOnly: false,
    ...changes,
  };
}

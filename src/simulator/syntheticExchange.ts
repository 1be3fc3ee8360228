import type { EpochMs } from '../domain/marketData';
import { BinanceError } from './binance/binanceError';
import { BinanceWire } from './binance/binanceWire';
import { money } from './binance/trading/orderFormat';
import { spotPart } from './binance/trading/spotPart';
import { usdmPart } from './binance/usdm/usdmPart';
import { UsdmWire } from './binance/usdm/usdmWire';
import { ControlError } from './control/controlError';
import { exchangeRoutes } from './control/exchangeRoutes';
import { AccountRegistry } from './engine/accounts/accountRegistry';
import { createDemoAccounts } from './engine/accounts/demoAccounts';
import { OrderDesk } from './engine/accounts/orderDesk';
import { ExchangeClock } from './engine/exchangeClock';
import { perpetuals } from './engine/futures/contracts';
import { FuturesHouse } from './engine/futures/futuresHouse';
import { PassingTime } from './engine/futures/passingTime';
import { syntheticMarkets } from './engine/marketSpec';
import { createRandom } from './engine/random';
import { createSyntheticVenue, type SyntheticVenue } from './engine/syntheticVenue';
import type { Exchange } from './exchange';
import { MexcError } from './mexc/mexcError';
import { MexcWire } from './mexc/mexcWire';
import { ListenKeys } from './mexc/trading/listenKeys';
import type { SimulatorOptions, SyntheticSource } from './simulatorOptions';

/** Invented traders in a real matching engine, with accounts that trade among them. */
export function trade(options: SimulatorOptions, source: SyntheticSource): Exchange {
  const clock = new ExchangeClock(options.now);
  const { now } = clock;
  const venue = createSyntheticVenue({ ...source, markets: syntheticMarkets, now });
  const accounts = new AccountRegistry(createDemoAccounts(source.seed, now()), { seed: source.seed, now });
  const desk = new OrderDesk({ markets: venue.markets, random: createRandom(`${source.seed}/desk`), now });
  const binance = new BinanceWire({ ...options, venue, privateApi: { venue, desk, accounts } });
  const listenKeys = new ListenKeys({ random: createRandom(`${source.seed}/mexc-listen-keys`), now });
  const mexc = new MexcWire({ venue, desk, accounts, listenKeys });
  const futures = createFutures({ spot: venue, source, now });
  const house = new FuturesHouse({ markets: futures.markets, random: createRandom(`${source.seed}/house`), now });
  const usdm = new UsdmWire({
    ...options,
    markets: {
      venue: futures,
      indexPrice: (symbol) => venue.markets.get(symbol)?.day().last ?? '0',
      markPrice: (symbol) => money(house.marks.of(symbol)),
      fundings: () => house.fundings,
      nextFundingAt: () => house.nextFundingAt,
    },
    trading: { api: { venue: futures, house }, accounts, random: createRandom(`${source.seed}/listen-keys`) },
  });
  const passing = new PassingTime(house);
  return {
    // Two exchanges' protocols over the same spot markets, and the futures of one of them.
    wires: [mexc, binance, usdm],
    controlRoutes: exchangeRoutes({
      accounts,
      clock,
      parts: [spotPart(venue), usdmPart(futures, house)],
      futures: house,
      callAs: (account, call) =>
        inControlWords(
          () =>
            binance.callAs(account, call) ?? usdm.callAs(account, call) ?? mexc.callAs(account, call) ?? notFound(call),
        ),
    }),
    describe: () => ({
      mode: 'synthetic',
      seed: source.seed,
      markets: [...venue.markets.keys()],
      accounts: accounts.all.map(({ identity }) => identity),
    }),
    start: () => {
      venue.start();
      futures.start();
      passing.start();
    },
    stop: () => {
      venue.stop();
      futures.stop();
      passing.stop();
    },
  };
}

/** Futures markets of which each follows the spot market of the same name. */
function createFutures(options: {
  readonly spot: SyntheticVenue;
  readonly source: SyntheticSource;
  readonly now: () => EpochMs;
}): SyntheticVenue {
  const { spot, source, now } = options;
  return createSyntheticVenue({
    ...source,
    seed: `${source.seed}/usdm`,
    markets: perpetuals,
    now,
    anchorOf: (id) => {
      const market = spot.markets.get(id);
      if (market === undefined) return null;
      return () => (market.lastTicks() ?? 0) / 10 ** market.spec.priceDecimals;
    },
  });
}

function notFound(call: { readonly method: string; readonly path: string }): never {
  throw new ControlError(`There is no signed call ${call.method} ${call.path}.`, 404);
}

/** An exchange's refusal, told through the control endpoint. */
function inControlWords(call: () => unknown): unknown {
  try {
    return call();
  } catch (error) {
    if (!(error instanceof BinanceError || error instanceof MexcError)) throw error;
    throw new ControlError(error.toBody(), error.status);
  }
}

import type { Account } from '../../engine/accounts/account';
import { brackets, makerFeeBps, takerFeeBps } from '../../engine/futures/contracts';
import type { FuturesAccount } from '../../engine/futures/futuresAccount';
import { bracketOf, largestNotional } from '../../engine/futures/margin';
import { formatUnits } from '../../engine/units';
import { BinanceError } from '../binanceError';
import type { SignedEndpoint } from '../endpoint';
import { findMarket } from '../marketData';
import { page, timeRange } from '../paging';
import type { Parameters } from '../parameters';
import { money } from '../trading/orderFormat';
import { accountInfo, assetInfo, heldBy, positionRisks, toIncome } from './usdmAccountFormat';
import type { UsdmApi } from './usdmApi';

const maxLeverage = Math.max(...brackets.map((bracket) => bracket.maxLeverage));

type Handle = (account: FuturesAccount, parameters: Parameters) => unknown;

/** Balances, positions, leverage and income over REST. Source: Binance USD-M API, account endpoints. */
export function usdmAccountEndpoints(api: UsdmApi): readonly SignedEndpoint[] {
  const endpoint =
    (method: SignedEndpoint['method'], needs: SignedEndpoint['needs']) =>
    (path: string, weight: number, handle: Handle): SignedEndpoint => ({
      method,
      needs,
      path: `/fapi/${path}`,
      weight,
      handle: (parameters: Parameters, account: Account) => handle(api.house.accountOf(account), parameters),
    });
  const [read, post] = [endpoint('GET', 'READ'), endpoint('POST', 'FUTURES')];
  return [
    ...['v2', 'v3'].flatMap((version) => [
      read(`${version}/account`, 5, (account) => accountInfo(api, account)),
      read(`${version}/balance`, 5, (account) => [assetInfo(api, account)]),
    ]),
    read('v2/positionRisk', 5, (account, parameters) =>
      positionRisks(api, account, symbolsOf(api, parameters)).map(({ position, risk }) => ({
        ...risk,
        // The third version does not tell these any more.
        leverage: String(account.leverage(position.spec.id)),
        marginType: 'cross',
        isAutoAddMargin: 'false',
        maxNotionalValue: String(bracketOf(position.notional(api.house.marks.of(position.spec.id))).cap),
      })),
    ),
    read('v3/positionRisk', 5, (account, parameters) =>
      positionRisks(api, account, symbolsOf(api, parameters)).map(({ risk }) => risk),
    ),
    read('v1/positionSide/dual', 30, (account) => ({ dualSidePosition: account.isHedged })),
    post('v1/positionSide/dual', 1, setPositionMode),
    post('v1/leverage', 1, (account, parameters) => setLeverage(api, account, parameters)),
    post('v1/marginType', 1, marginType),
    read('v1/multiAssetsMargin', 30, () => ({ multiAssetsMargin: false })),
    read('v1/leverageBracket', 1, (_account, parameters) => leverageBrackets(api, parameters)),
    read('v1/symbolConfig', 5, (account, parameters) =>
      symbolsOf(api, parameters).map((symbol) => ({
        symbol,
        marginType: 'CROSSED',
        isAutoAddMargin: false,
        leverage: account.leverage(symbol),
        maxNotionalValue: String(brackets.at(-1)?.cap ?? 0),
      })),
    ),
    read('v1/commissionRate', 20, (_account, parameters) => ({
      symbol: findMarket(api.venue, parameters.requiredSymbol()).spec.id,
      makerCommissionRate: formatUnits(makerFeeBps, 4),
      takerCommissionRate: formatUnits(takerFeeBps, 4),
    })),
    read('v1/income', 30, income),
  ];
}

function symbolsOf(api: UsdmApi, parameters: Parameters): string[] {
  const symbol = parameters.symbol();
  return symbol === null ? [...api.venue.markets.keys()] : [findMarket(api.venue, symbol).spec.id];
}

function setPositionMode(account: FuturesAccount, parameters: Parameters): object {
  const isHedged = parameters.requiredText('dualSidePosition').toLowerCase() === 'true';
  if (isHedged === account.isHedged) throw new BinanceError(-4059, 'No need to change position side.');
  if (account.openOrders(null).length + account.openAlgos(null).length > 0) {
    throw new BinanceError(-4067, 'Position side cannot be changed if there exists open orders.');
  }
  if (heldBy(account).length > 0) {
    throw new BinanceError(-4068, 'Position side cannot be changed if there exists position.');
  }
  account.isHedged = isHedged;
  return { code: 200, msg: 'success' };
}

function setLeverage(api: UsdmApi, account: FuturesAccount, parameters: Parameters): object {
  const symbol = findMarket(api.venue, parameters.requiredSymbol()).spec.id;
  const leverage = parameters.integer('leverage');
  if (leverage === null) throw BinanceError.missing('leverage');
  if (leverage < 1 || leverage > maxLeverage) throw new BinanceError(-4028, `Leverage ${leverage} is not valid`);
  account.setLeverage(symbol, leverage, api.venue.now());
  return { symbol, leverage, maxNotionalValue: money(largestNotional(leverage)) };
}

function marginType(_account: FuturesAccount, parameters: Parameters): never {
  const isCrossed = parameters.requiredText('marginType') === 'CROSSED';
  if (isCrossed) throw new BinanceError(-4046, 'No need to change margin type.');
  throw new BinanceError(-4168, 'Unable to adjust to isolated-margin mode under the Multi-Assets mode.');
}

function leverageBrackets(api: UsdmApi, parameters: Parameters): object {
  const list = symbolsOf(api, parameters).map((symbol) => ({
    symbol,
    notionalCoef: 1,
    brackets: brackets.map((bracket, index) => ({
      bracket: index + 1,
      initialLeverage: bracket.maxLeverage,
      notionalCap: bracket.cap,
      notionalFloor: bracket.floor,
      maintMarginRatio: Number(formatUnits(bracket.maintenanceBps, 4)),
      cum: bracket.cum,
    })),
  }));
  return parameters.symbol() === null ? list : (list[0] ?? {});
}

function income(account: FuturesAccount, parameters: Parameters): object[] {
  const type = parameters.text('incomeType');
  const symbol = parameters.symbol();
  const isInTime = timeRange(parameters, Infinity);
  const found = account.income.filter(
    (entry) =>
      (type === null || entry.type === type) && (symbol === null || entry.symbol === symbol) && isInTime(entry.time),
  );
  return page(found, parameters, 'fromId').map(toIncome);
}

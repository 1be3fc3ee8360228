import { brackets, marginAsset } from '../../engine/futures/contracts';
import type { FuturesAccount, Income } from '../../engine/futures/futuresAccount';
import { initialMargin, liquidationPrice, maintenanceMargin, marginState } from '../../engine/futures/margin';
import type { Position } from '../../engine/futures/position';
import { money } from '../trading/orderFormat';
import type { UsdmApi } from './usdmApi';
import { amount } from './usdmFormat';

export function assetInfo({ house, venue }: UsdmApi, account: FuturesAccount): object {
  const state = marginState(account, house.marks.of);
  return {
    accountAlias: 'SgsR',
    asset: marginAsset,
    balance: money(account.wallet),
    walletBalance: money(account.wallet),
    unrealizedProfit: money(state.unrealized),
    marginBalance: money(state.balance),
    maintMargin: money(state.maintenance),
    initialMargin: money(state.positionInitial + state.openOrderInitial),
    positionInitialMargin: money(state.positionInitial),
    openOrderInitialMargin: money(state.openOrderInitial),
    crossWalletBalance: money(account.wallet),
    crossUnPnl: money(state.unrealized),
    availableBalance: money(state.available),
    maxWithdrawAmount: money(state.available),
    marginAvailable: true,
    updateTime: venue.now(),
  };
}

export function accountInfo(api: UsdmApi, account: FuturesAccount): object {
  const state = marginState(account, api.house.marks.of);
  const { permissions } = account.identity;
  return {
    feeTier: 0,
    canTrade: permissions.mayTradeFutures,
    canDeposit: true,
    canWithdraw: permissions.mayWithdraw,
    multiAssetsMargin: false,
    tradeGroupId: -1,
    updateTime: 0,
    totalInitialMargin: money(state.positionInitial + state.openOrderInitial),
    totalMaintMargin: money(state.maintenance),
    totalWalletBalance: money(account.wallet),
    totalUnrealizedProfit: money(state.unrealized),
    totalMarginBalance: money(state.balance),
    totalPositionInitialMargin: money(state.positionInitial),
    totalOpenOrderInitialMargin: money(state.openOrderInitial),
    totalCrossWalletBalance: money(account.wallet),
    totalCrossUnPnl: money(state.unrealized),
    availableBalance: money(state.available),
    maxWithdrawAmount: money(state.available),
    assets: [assetInfo(api, account)],
    positions: heldBy(account).map((position) => ({
      ...positionCore(api, account, position),
      unrealizedProfit: money(position.unrealized(api.house.marks.of(position.spec.id))),
      leverage: String(account.leverage(position.spec.id)),
      isolated: false,
      maxNotional: String(brackets.at(-1)?.cap ?? 0),
    })),
  };
}

/** What is held just now. */
export function heldBy(account: FuturesAccount): readonly Position[] {
  return account.positions.filter(({ lots }) => lots !== 0);
}

function positionCore(api: UsdmApi, account: FuturesAccount, position: Position) {
  const { marks } = api.house;
  const notional = position.notional(marks.of(position.spec.id));
  const margin = money(initialMargin(account, position, marks.of));
  return {
    symbol: position.spec.id,
    positionSide: position.side,
    positionAmt: amount(position.spec, position.lots),
    entryPrice: money(position.entryPrice()),
    breakEvenPrice: money(position.entryPrice()),
    notional: money(notional),
    isolatedMargin: '0',
    isolatedWallet: '0',
    initialMargin: margin,
    positionInitialMargin: margin,
    openOrderInitialMargin: '0',
    maintMargin: money(maintenanceMargin(notional)),
    updateTime: position.updatedAt,
  };
}

interface PositionRisk {
  readonly position: Position;
  readonly risk: object;
}

/** Every position in one of these contracts, and the row that tells of it. */
export function positionRisks(api: UsdmApi, account: FuturesAccount, symbols: readonly string[]): PositionRisk[] {
  const { marks } = api.house;
  return heldBy(account)
    .filter(({ spec }) => symbols.includes(spec.id))
    .map((position) => {
      const risk = {
        ...positionCore(api, account, position),
        markPrice: money(marks.of(position.spec.id)),
        unRealizedProfit: money(position.unrealized(marks.of(position.spec.id))),
        liquidationPrice: money(liquidationPrice(account, position, marks.of) ?? 0n),
        marginAsset,
        adl: 1,
        bidNotional: '0',
        askNotional: '0',
      };
      return { position, risk };
    });
}

/** A row of income. */
export function toIncome(entry: Income): object {
  return {
    symbol: entry.symbol ?? '',
    incomeType: entry.type,
    income: money(entry.amount),
    asset: marginAsset,
    info: entry.type,
    time: entry.time,
    tranId: entry.id,
    tradeId: entry.tradeId === null ? '' : String(entry.tradeId),
  };
}

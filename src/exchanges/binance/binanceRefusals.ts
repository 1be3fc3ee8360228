import type { RefusalRule } from '../trading/refusalRule';

/**
 * Binance's answers that exclude that it has the order: checks before the matching engine, and refusals by it. Of spot and of
 * USD-M futures. Everything else leaves the outcome open, above all -1000 (unknown error), -1001 (disconnected), -1004 (busy),
 * -1006 (unexpected response, status unknown), -1007 (time-out, status unknown), -1008 (overloaded) and -1016 (shutting down).
 * Source: Binance spot API, error codes; USD-M futures, error codes.
 */
export const binanceRefusals: readonly RefusalRule[] = [
  { codes: '-1002', refusal: 'NOT_PERMITTED' },
  { codes: '-1003', refusal: 'EXCHANGE_RATE_LIMITED' },
  { codes: '-1013', message: /MAX_NUM|MAX_POSITION/, refusal: 'TOO_MANY_ORDERS' },
  { codes: '-1013', message: /market is closed/i, refusal: 'MARKET_CLOSED' },
  { codes: '-1013', refusal: 'MARKET_RULE_VIOLATED' },
  { codes: '-1014', refusal: 'EXCHANGE_REFUSED' },
  { codes: '-1015', refusal: 'TOO_MANY_ORDERS' },
  { codes: '-1020', refusal: 'EXCHANGE_REFUSED' },
  { codes: '-1021', refusal: 'CLOCK_SKEWED' },
  { codes: '-1022', refusal: 'NOT_PERMITTED' },
  { codes: '-1111', refusal: 'MARKET_RULE_VIOLATED' },
  { codes: '-1121', refusal: 'MARKET_CLOSED' },
  // Parameters that are missing, malformed, or do not go together.
  { codes: [-1199, -1100], refusal: 'EXCHANGE_REFUSED' },
  { codes: '-2008', refusal: 'NOT_PERMITTED' },
  { codes: '-2010', message: /duplicate order/i, refusal: 'DUPLICATE_CLIENT_ORDER_ID' },
  { codes: '-2010', message: /insufficient balance/i, refusal: 'INSUFFICIENT_BALANCE' },
  { codes: '-2010', message: /immediately match and take/i, refusal: 'WOULD_TAKE' },
  { codes: '-2010', message: /would trigger immediately/i, refusal: 'WOULD_TRIGGER' },
  {
    codes: '-2010',
    message: /market is closed|not permitted for this symbol|trading is disabled/i,
    refusal: 'MARKET_CLOSED',
  },
  { codes: '-2010', message: /this action is disabled|account may not|not whitelisted/i, refusal: 'NOT_PERMITTED' },
  { codes: '-2010', refusal: 'EXCHANGE_REFUSED' },
  { codes: '-2014', refusal: 'NOT_PERMITTED' },
  { codes: '-2015', refusal: 'NOT_PERMITTED' },
  // USD-M futures from here.
  { codes: '-2018', refusal: 'INSUFFICIENT_BALANCE' },
  { codes: '-2019', refusal: 'INSUFFICIENT_BALANCE' },
  { codes: '-2020', refusal: 'EXCHANGE_REFUSED' },
  { codes: '-2021', refusal: 'WOULD_TRIGGER' },
  { codes: '-2022', refusal: 'REDUCE_ONLY_REFUSED' },
  { codes: '-2023', refusal: 'NOT_PERMITTED' },
  { codes: '-2024', refusal: 'REDUCE_ONLY_REFUSED' },
  { codes: '-2025', refusal: 'TOO_MANY_ORDERS' },
  { codes: '-2026', refusal: 'REDUCE_ONLY_REFUSED' },
  { codes: '-2027', refusal: 'MARKET_RULE_VIOLATED' },
  { codes: '-4045', refusal: 'TOO_MANY_ORDERS' },
  { codes: '-4118', refusal: 'REDUCE_ONLY_REFUSED' },
  { codes: '-4116', refusal: 'DUPLICATE_CLIENT_ORDER_ID' },
  { codes: '-4140', refusal: 'MARKET_CLOSED' },
  { codes: '-5021', refusal: 'EXCHANGE_REFUSED' },
  { codes: '-5022', refusal: 'WOULD_TAKE' },
  // Filters and parameters of futures.
  { codes: [-4199, -4000], refusal: 'MARKET_RULE_VIOLATED' },
];

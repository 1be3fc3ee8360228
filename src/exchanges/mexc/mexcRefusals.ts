import type { RefusalRule } from '../trading/refusalRule';

/**
 * MEXC's answers that exclude that it has the order. Everything else leaves the outcome open, above all 500 (internal error),
 * 501 and 503 (busy), 504 (gateway time-out), 20002 (internal system error) and 730000 (request failed), and every code that is not
 * documented: what MEXC says of a client order id that is used already is one of those.
 * Source: MEXC spot v3, error codes; ccxt js/src/mexc.js, `exceptions`.
 */
export const mexcRefusals: readonly RefusalRule[] = [
  { codes: '-1121', refusal: 'MARKET_CLOSED' },
  { codes: '-1128', refusal: 'EXCHANGE_REFUSED' },
  { codes: '26', refusal: 'NOT_PERMITTED' },
  { codes: '400', message: /api key required/i, refusal: 'NOT_PERMITTED' },
  { codes: [401, 403], refusal: 'NOT_PERMITTED' },
  { codes: '406', refusal: 'NOT_PERMITTED' },
  { codes: '429', refusal: 'EXCHANGE_RATE_LIMITED' },
  { codes: '510', refusal: 'EXCHANGE_RATE_LIMITED' },
  { codes: '602', refusal: 'NOT_PERMITTED' },
  { codes: '10007', refusal: 'MARKET_CLOSED' },
  { codes: '10072', refusal: 'NOT_PERMITTED' },
  { codes: '10073', refusal: 'CLOCK_SKEWED' },
  // Of the amount: missing, with too many decimals, not possible, not positive.
  { codes: [10095, 10097], refusal: 'MARKET_RULE_VIOLATED' },
  { codes: '10101', refusal: 'INSUFFICIENT_BALANCE' },
  { codes: '10102', refusal: 'MARKET_RULE_VIOLATED' },
  // Suspended; this side is; below the least and above the largest volume.
  { codes: [30000, 30001], refusal: 'MARKET_CLOSED' },
  { codes: [30002, 30003], refusal: 'MARKET_RULE_VIOLATED' },
  { codes: [30004, 30005], refusal: 'INSUFFICIENT_BALANCE' },
  // No valid price; a price outside of the allowed range.
  { codes: '30010', refusal: 'MARKET_RULE_VIOLATED' },
  { codes: '30087', refusal: 'MARKET_RULE_VIOLATED' },
  { codes: '30014', refusal: 'MARKET_CLOSED' },
  { codes: '30016', refusal: 'MARKET_CLOSED' },
  { codes: [30018, 30019], refusal: 'EXCHANGE_REFUSED' },
  { codes: '30020', refusal: 'NOT_PERMITTED' },
  { codes: '30021', refusal: 'MARKET_CLOSED' },
  // Nobody on the other side.
  { codes: '30025', refusal: 'EXCHANGE_REFUSED' },
  // MEXC has stopped buying (its holdings are full), or selling (its risk control).
  { codes: [30027, 30028], refusal: 'MARKET_CLOSED' },
  { codes: '30029', refusal: 'TOO_MANY_ORDERS' },
  { codes: '30032', refusal: 'MARKET_RULE_VIOLATED' },
  { codes: '30041', refusal: 'EXCHANGE_REFUSED' },
  { codes: '60005', refusal: 'NOT_PERMITTED' },
  { codes: '70011', refusal: 'NOT_PERMITTED' },
  { codes: [700001, 700002], refusal: 'NOT_PERMITTED' },
  { codes: '700003', refusal: 'CLOCK_SKEWED' },
  { codes: [700004, 700005], refusal: 'EXCHANGE_REFUSED' },
  { codes: [700006, 700007], refusal: 'NOT_PERMITTED' },
  { codes: '700008', refusal: 'EXCHANGE_REFUSED' },
  { codes: '700013', refusal: 'EXCHANGE_REFUSED' },
];

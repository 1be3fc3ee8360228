import type { CcxtClass } from '../ccxtTypes';

type Ask = (params: unknown) => Promise<unknown>;

interface SwapMembers {
  /** HTTP status of the last answer about the list of swaps. */
  swapListStatus: unknown;
  fapiPublicGetExchangeInfo: Ask;
  marketsAreIncomplete: boolean;
  log(...parts: readonly unknown[]): void;
}

const notFound = 404;
const nothingListed = { symbols: [] };

/**
 * Binance's swaps live at another address than its spot markets, and ccxt loads both or none. Here spot goes on alone while the
 * other side does not answer: with the swaps that it told last, or with none. Where it says 404, there are no swaps at all.
 */
export function toleratedSwaps(base: CcxtClass): CcxtClass {
  return class extends base {
    constructor(config: Readonly<Record<string, unknown>>) {
      super(config);
      const members = this as unknown as SwapMembers;
      const ask = members.fapiPublicGetExchangeInfo.bind(this);
      let known: unknown = nothingListed;
      // No method, but a member that ccxt makes from its table of endpoints.
      members.fapiPublicGetExchangeInfo = async (params) => {
        members.marketsAreIncomplete = false;
        members.swapListStatus = null;
        try {
          known = await ask(params);
        } catch (error) {
          members.marketsAreIncomplete = members.swapListStatus !== notFound;
          members.log('swaps are not listed', error instanceof Error ? error.message : error);
        }
        return known;
      };
    }

    override handleErrors(...response: readonly unknown[]): unknown {
      const [status, , url] = response;
      const isSwapList = typeof url === 'string' && url.endsWith('/fapi/v1/exchangeInfo');
      if (isSwapList) (this as unknown as SwapMembers).swapListStatus = status;
      return super.handleErrors(...response);
    }
  };
}

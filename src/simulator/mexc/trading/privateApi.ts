import type { AccountRegistry } from '../../engine/accounts/accountRegistry';
import type { OrderDesk } from '../../engine/accounts/orderDesk';
import type { SimulatedMarket } from '../../engine/simulatedMarket';
import type { Venue } from '../../engine/venue';
import type { ListenKeys } from './listenKeys';

/** What the signed part of the protocol works on. */
export interface PrivateApi {
  readonly venue: Venue & { readonly markets: ReadonlyMap<string, SimulatedMarket> };
  readonly desk: OrderDesk;
  readonly accounts: AccountRegistry;
  readonly listenKeys: ListenKeys;
}

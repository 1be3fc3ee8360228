/** One exchange as the configuration names it. */
export interface ExchangeSettings {
  /** Our name of it, the first half of every market id: "simulator", "binance", "binance-testnet", "mexc". */
  readonly id: string;
  /** The class of ccxt.pro that speaks to it; "binance" for the simulator and the testnet too. */
  readonly ccxtId: string;
  /** True: the exchange's own testnet, through ccxt's sandbox mode. */
  readonly sandbox: boolean;
  /** Base URLs such as `http://127.0.0.1:7000` and `ws://127.0.0.1:7000/mexc`, in place of the exchange's own; null keeps those. */
  readonly restUrl: string | null;
  readonly wsUrl: string | null;
}

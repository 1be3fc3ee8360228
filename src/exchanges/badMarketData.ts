/** The exchange sent something that cannot be true (a negative price, a missing symbol). It stops here: logged, counted, never passed on. */
export class BadMarketData extends Error {
  constructor(what: string, options?: ErrorOptions) {
    super(what, options);
    this.name = 'BadMarketData';
  }
}

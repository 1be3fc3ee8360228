/** An account is at an exchange that EXCHANGES does not name (any more). Nothing is broken: a person decides, and the message says between what. */
export class ExchangeNotNamed extends Error {
  constructor(exchange: string) {
    super(
      `EXCHANGES does not name ${exchange}. Name it and start again to trade there, or let the account's owner remove it.`,
    );
    this.name = 'ExchangeNotNamed';
  }
}

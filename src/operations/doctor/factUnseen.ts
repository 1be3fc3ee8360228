/** Why a fact cannot be looked at; the message is a sentence for the operator, with what to do next. */
export class FactUnseen extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'FactUnseen';
  }
}

/** What is done with an event that has arrived. Called for each: cheap. */
export interface Tally {
  receive(reader: number, market: number, sequence: number, bytes: number): void;
}

export const noTally: Tally = { receive: () => undefined };

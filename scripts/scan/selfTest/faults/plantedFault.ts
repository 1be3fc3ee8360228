/** A change of a file that makes it faulty; one that is not there counts as empty. */
export interface Edit {
  readonly file: string;
  readonly from: string | RegExp;
  readonly to: string;
}

export interface PlantedFault {
  readonly name: string;
  readonly edits: readonly Edit[];
  /** In a sentence or a place that the check has to give. */
  readonly found: RegExp;
}

export type FaultOfFile = readonly [name: string, from: string | RegExp, to: string, found: RegExp];

/** One that a single change plants. */
export function inFile(file: string, [name, from, to, found]: FaultOfFile): PlantedFault {
  return { name, edits: [{ file, from, to }], found };
}

/** What one check found. `place` is a file, with its line where there is one, or a package. */
export interface Finding {
  readonly place: string;
  readonly sentence: string;
}

export interface Outcome {
  /** One line of figures: what was looked at. */
  readonly figures: string;
  readonly findings: readonly Finding[];
  /** What is not wrong, and yet keeps a release back: an action whose commit nobody has looked up, an owner without a name. */
  readonly open?: readonly Finding[];
  /** Why the check could not be made on this machine; null where it was. */
  readonly notRun?: string;
}

export interface Check {
  readonly name: string;
  readonly run: (projectDir: string) => Outcome;
}

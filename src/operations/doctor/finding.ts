/** What was found of one box, in words that show it. */
export interface Finding {
  readonly passed: boolean;
  readonly evidence: string;
}

export function passed(evidence: string): Finding {
  return { passed: true, evidence };
}

export function failed(evidence: string): Finding {
  return { passed: false, evidence };
}

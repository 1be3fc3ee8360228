/** How much is tried: FAULT_RUNS=nightly tries more of everything than a change has to wait for. */
export function faultRuns({ ci, nightly }: { readonly ci: number; readonly nightly: number }): number {
  return process.env['FAULT_RUNS'] === 'nightly' ? nightly : ci;
}

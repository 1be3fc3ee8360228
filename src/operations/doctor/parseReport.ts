import { z } from 'zod';
import type { SecurityReport } from './doctor';

const check = z.object({ name: z.string(), title: z.string(), passed: z.boolean(), evidence: z.string() });
const report = z.object({
  mode: z.enum(['development', 'production']),
  machine: z.string().nullable(),
  checks: z.array(check).min(1),
});

/** Null for what no server of this version has written. */
export function parseReport(value: unknown): SecurityReport | null {
  const read = report.safeParse(value);
  return read.success ? read.data : null;
}

import type { LinkedRecord } from '../storage/audit/auditRecords';

/** The first line of an export: what the lines behind it are, for whoever verifies them without this code. */
export const exportHeader = JSON.stringify({
  format: 'tickgate-audit/v1',
  hash: 'HMAC-SHA256(AUDIT_KEY, prevHash as 32 bytes, then the JSON array [seq, atUs, actor, action, target, outcome, ip, userAgent, before, after])',
  genesis: 'HMAC-SHA256(AUDIT_KEY, "tickgate/audit/v1/genesis")',
  atUs: 'microseconds since 1970-01-01T00:00:00Z',
});

/** One entry as a line of NDJSON; its texts are what the hash covers, byte for byte. */
export function exportLine({ seq, prevHash, hash, record }: LinkedRecord): string {
  if (record === null) throw new Error('an entry that is gone cannot be exported');
  const at = new Date(Math.floor(Number(record.atUs) / 1000)).toISOString();
  return JSON.stringify({ seq: String(seq), at, ...record, prevHash, hash });
}

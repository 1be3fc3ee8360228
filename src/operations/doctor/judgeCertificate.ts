import { failed, passed, type Finding } from './finding';
import type { OutsideView } from './outsideView';

const dayMs = 86_400_000;
/** Where less is left, whatever renews it has failed for weeks. */
const minCertificateLeft = 1 / 3;

export function judgeCertificate({ certificateProblem, certificateEnds, certificateLeft }: OutsideView): Finding {
  if (certificateProblem !== null) return failed(`the certificate is not good: ${certificateProblem}`);
  const days = Math.floor(((certificateEnds?.getTime() ?? 0) - Date.now()) / dayMs);
  const left = `${days} days left, until ${certificateEnds?.toISOString().slice(0, 10) ?? 'nobody knows when'}`;
  return certificateLeft < minCertificateLeft
    ? failed(`less than a third of its life is left (${left}): renewal fails`)
    : passed(left);
}

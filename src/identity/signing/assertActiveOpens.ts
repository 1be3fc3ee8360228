import type { RingReading } from '../../storage/identity/signingKeyRecords';
import { IdentityError } from '../identityError';
import type { SigningKeyVault } from '../sealing/signingKeyVault';

/** sysexits.h: the settings do not hold what is needed. */
const configExitStatus = 78;

/** Throws IdentityError (78) where the active key does not open: whoever cannot open that one has other settings than those who sign. */
export async function assertActiveOpens(ring: RingReading, vault: SigningKeyVault): Promise<void> {
  const active = ring.keys.find(({ state }) => state === 'active');
  if (active === undefined || (await vault.open(active)) !== null) return;
  const why = vault.hasKeyOf(active)
    ? 'does not open'
    : `was sealed with ${active.sealed.keyId}, which CREDENTIAL_KEYS does not hold`;
  throw new IdentityError(
    `The key that signs access tokens ${why}. Put that back, or run "npm run keys:rotate -- --emergency", which ends every session.`,
    { exitStatus: configExitStatus },
  );
}

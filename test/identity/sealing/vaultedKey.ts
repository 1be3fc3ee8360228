import { Secret } from '../../../src/domain/secret';
import type { SealingKey } from '../../../src/identity/sealing/keyEncryptionKeys';
import { toSealingKeys } from '../../../src/startSealing';
import type { VaultStandIn } from '../../kit/secretManagers/vaultStandIn';

/** What CREDENTIAL_KEYS says as `t1:transit://transit/<name>`. */
export function vaultedKey(standIn: Pick<VaultStandIn, 'url' | 'addToken'>, name: string, id = 't1'): SealingKey {
  const token = standIn.addToken('of-the-server');
  const [made] = toSealingKeys([{ id, transit: { mount: 'transit', name } }], {
    address: standIn.url,
    ca: null,
    namespace: null,
    auth: { method: 'token', token: () => new Secret(token) },
  });
  return made!;
}

import type { EpochMs } from '../domain/marketData';
import { AppError } from '../errors/appError';
import type { SecondFactorStore } from '../storage/identity/secondFactorStore';
import type { Change, ListedUser, UserAdministration, UserChange } from '../storage/identity/userAdministration';
import { isEmailAddress } from './emailAddress';
import type { PasswordHasher } from './passwordHasher';
import type { PasswordPolicy } from './passwordPolicy';
import type { Role } from './principal';

export interface UsersParts {
  readonly store: Pick<UserAdministration, 'create' | 'setRoles' | 'setDisabled' | 'list'>;
  readonly secondFactors: Pick<SecondFactorStore, 'reset'>;
  readonly hasher: Pick<PasswordHasher, 'hash'>;
  readonly policy: Pick<PasswordPolicy, 'assertFit'>;
  readonly clock: () => EpochMs;
  readonly newId: () => string;
}

/** Which admin asks, and from where. */
export type Asker = Pick<Change, 'actor' | 'ip'>;

export interface UserWish {
  readonly email: string;
  readonly password: string;
  readonly roles: readonly Role[];
}

/** What admins do with the users of this server. What they change counts for whatever the user has open within a second, on every node. */
export class Users {
  constructor(private readonly parts: UsersParts) {}

  /** Throws AppError BAD_USER_INPUT, PASSWORD_NOT_ACCEPTABLE, EMAIL_TAKEN, RATE_LIMITED where too many passwords are being hashed. */
  async create(asker: Asker, { email, password, roles }: UserWish): Promise<ListedUser> {
    const { store, hasher, policy, newId } = this.parts;
    const address = email.trim();
    if (!isEmailAddress(address)) throw new AppError('BAD_USER_INPUT', { publicMessage: '`email` is no address.' });
    await policy.assertFit(password, { email: address });
    const passwordHash = await hasher.hash(password);
    const user = await store.create({ id: newId(), email: address, passwordHash, roles }, this.#changeOf(asker));
    if (user === null) throw new AppError('EMAIL_TAKEN');
    return user;
  }

  /** Gives the user these roles in place of those that they have. Throws AppError USER_NOT_FOUND, LAST_ADMIN. */
  async setRoles(asker: Asker, id: string, roles: readonly Role[]): Promise<ListedUser> {
    return changed(await this.parts.store.setRoles(id, roles, this.#changeOf(asker)));
  }

  /** Disabling ends what the user has open, for good. Throws AppError USER_NOT_FOUND, LAST_ADMIN. */
  async setDisabled(asker: Asker, id: string, disabled: boolean): Promise<ListedUser> {
    return changed(await this.parts.store.setDisabled(id, disabled, this.#changeOf(asker)));
  }

  /**
   * Takes a second factor away that was lost, and ends what the user has open: they sign in with their password alone then. Throws
   * AppError USER_NOT_FOUND.
   */
  async resetMfa(asker: Asker, id: string): Promise<ListedUser> {
    const user = await this.parts.secondFactors.reset(id, this.#changeOf(asker));
    if (user === null) throw new AppError('USER_NOT_FOUND');
    return user;
  }

  /** By e-mail address. first: how many at most. */
  async list(first: number): Promise<readonly ListedUser[]> {
    return this.parts.store.list(first);
  }

  #changeOf({ actor, ip }: Asker): Change {
    return { actor, ip, at: this.parts.clock() };
  }
}

function changed(change: UserChange): ListedUser {
  switch (change.kind) {
    case 'changed':
      return change.user;
    case 'absent':
      throw new AppError('USER_NOT_FOUND');
    case 'lastAdmin':
      throw new AppError('LAST_ADMIN');
  }
}

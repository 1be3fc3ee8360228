import type { EpochMs } from '../../domain/marketData';
import type { Role } from '../../identity/principal';

/** A user as the API shows one: no password hash ever comes this far. */
export interface UserView {
  readonly id: string;
  readonly email: string;
  readonly roles: readonly Role[];
  readonly mfaEnabled: boolean;
  readonly disabled: boolean;
  readonly createdAt: EpochMs | Date;
}

export interface UserReader {
  findById(id: string): Promise<UserView | null>;
}

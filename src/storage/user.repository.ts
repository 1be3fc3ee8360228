import type { DataSource, Repository } from 'typeorm';
import { UserEntity } from './user.entity';
import type { UserRole } from './userRole';

/** A person or program that can sign in. */
export interface User {
  readonly id: string;
  /** Lower case. */
  readonly email: string;
  /** As `PasswordHasher` makes it; never leaves the process. */
  readonly passwordHash: string;
  readonly roles: readonly UserRole[];
  readonly disabled: boolean;
  readonly mfaEnabled: boolean;
  readonly createdAt: Date;
}

export interface NewUser {
  readonly id: string;
  readonly email: string;
  readonly passwordHash: string;
  readonly roles: readonly UserRole[];
}

const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** Users of the database. E-mail addresses are compared without regard to case. */
export class UserRepository {
  readonly #users: Repository<UserEntity>;

  constructor(parts: { readonly dataSource: DataSource }) {
    this.#users = parts.dataSource.getRepository(UserEntity);
  }

  /** Null where there is none, also for text that is no id at all. */
  async findById(id: string): Promise<User | null> {
    return uuid.test(id) ? this.#users.findOneBy({ id }) : null;
  }

  async findByEmail(email: string): Promise<User | null> {
    return this.#users.findOneBy({ email: toStoredEmail(email) });
  }

  /** Makes the user, or gives whoever holds this e-mail address the password and roles stated here. The stored id may differ from the one given. */
  async saveByEmail(user: NewUser): Promise<User> {
    const email = toStoredEmail(user.email);
    const values = { ...user, email, roles: [...user.roles], disabled: false };
    await this.#users
      .createQueryBuilder()
      .insert()
      .values(values)
      .orUpdate(['password_hash', 'roles', 'disabled'], ['email'])
      .execute();
    return this.#users.findOneByOrFail({ email });
  }
}

/** As the database keeps it, and compares it. */
export function toStoredEmail(email: string): string {
  return email.trim().toLowerCase();
}

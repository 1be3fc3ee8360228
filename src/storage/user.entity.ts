import { Check, Column, CreateDateColumn, Entity, PrimaryGeneratedColumn, Unique } from 'typeorm';
import type { UserRole } from './userRole';

/** A row of `users`. The constraints are the migration's, by the same names, so that the two can be compared. */
@Entity('users')
@Unique('users_email_key', ['email'])
@Check('users_email_lowercase', `email = lower(email)`)
@Check('users_email_short', `char_length(email) <= 254`)
@Check('users_erased_stay_out', `erased_at IS NULL OR disabled`)
@Check('users_password_hash_short', `char_length(password_hash) <= 512`)
@Check(
  'users_roles_known',
  `cardinality(roles) > 0 AND roles <@ ARRAY['VIEWER', 'ANALYST', 'TRADER', 'AUDITOR', 'ADMIN']`,
)
export class UserEntity {
  @PrimaryGeneratedColumn('uuid', { primaryKeyConstraintName: 'users_pkey' })
  id!: string;

  @Column('text')
  email!: string;

  @Column('text', { name: 'password_hash' })
  passwordHash!: string;

  @Column('text', { array: true })
  roles!: UserRole[];

  @Column('boolean', { default: false })
  disabled!: boolean;

  @Column('boolean', { name: 'mfa_enabled', default: false })
  mfaEnabled!: boolean;

  /** How often all their sessions were ended. Written by `endSessionsOf` alone. */
  @Column({
    type: 'integer',
    name: 'session_generation',
    default: 0,
    insert: false,
    update: false,
    select: false,
  })
  sessionGeneration!: number;

  @CreateDateColumn({ name: 'created_at', type: 'timestamptz' })
  createdAt!: Date;

  /** Kept by a trigger, like `disabledAt`: read by `readChangedStandings` alone. */
  @Column({
    type: 'timestamptz',
    name: 'updated_at',
    default: () => 'now()',
    insert: false,
    update: false,
    select: false,
  })
  updatedAt!: Date;

  /** When the user was disabled last; null: never. */
  @Column({ type: 'timestamptz', name: 'disabled_at', nullable: true, insert: false, update: false, select: false })
  disabledAt!: Date | null;

  /** When the account was erased: what is left is a pseudonym. Written by `ErasureStore` alone. */
  @Column({ type: 'timestamptz', name: 'erased_at', nullable: true, insert: false, update: false, select: false })
  erasedAt!: Date | null;
}

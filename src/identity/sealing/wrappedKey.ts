import type { KeyObject } from 'node:crypto';
import type { SealedRecord } from '../../domain/sealedRecord';

/** The data key of a record, and which key it is under. */
export type WrappedKey = Pick<SealedRecord, 'keyId' | 'wrappedKey'>;

/** What wraps the data keys of records. context: bound in, and not stored. */
export interface KeyEncryptionKey {
  /** As the settings name it. */
  readonly id: string;
  /** What the records carry whose data keys it wraps from now on. */
  readonly recordId: string;
  /** A sentence for the operator; null where it can be used. */
  readonly failure: string | null;
  /** True where a record that carries this id is one of its own. */
  owns(recordId: string): boolean;
  isNewest(recordId: string): boolean;
  isSame(other: KeyEncryptionKey): boolean;
  /** Throws IdentityError where it cannot be used now. */
  prove(): Promise<void>;
  /** Throws AppError SEALING_UNAVAILABLE. */
  wrap(dataKey: Buffer, context: Buffer): Promise<WrappedKey>;
  /** A KeyObject keeps its bytes outside of JavaScript's memory. Throws AppError SEALING_UNAVAILABLE; another error where it does not open. */
  unwrap(wrapped: WrappedKey, context: Buffer): Promise<KeyObject>;
}

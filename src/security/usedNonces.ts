import { AppError } from '../errors/appError';
import { limits } from './limits';
import type { RedisReservations } from './redisReservations';
import type { MemoryReservations } from './reservations';

/**
 * The nonces of signed requests, each good once: on this node by its own memory, on all nodes by what they share. Where that does not
 * answer nobody can tell, and so none is good; where the memory is full, none is either.
 */
export class UsedNonces {
  constructor(
    private readonly parts: {
      readonly memory: Pick<MemoryReservations, 'take' | 'hasRoom'>;
      /** Null: there is no other node. */
      readonly shared: Pick<RedisReservations, 'takeShared'> | null;
    },
  ) {}

  /** False where it was taken before. Throws AppError SIGNATURE_UNCHECKABLE. */
  async take(keyId: string, nonce: string): Promise<boolean> {
    const { memory, shared } = this.parts;
    const rate = limits.signature.nonce;
    const key = `nonce|${keyId}|${nonce}`;
    if (!memory.hasRoom(key, rate, 'users')) throw new AppError('SIGNATURE_UNCHECKABLE');
    const isNewHere = (await memory.take(key, rate, 'users')).length < rate.max;
    if (!isNewHere || shared === null) return isNewHere;
    try {
      return (await shared.takeShared(key, rate)).length < rate.max;
    } catch (cause) {
      throw new AppError('SIGNATURE_UNCHECKABLE', { cause });
    }
  }
}

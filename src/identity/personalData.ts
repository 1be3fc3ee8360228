import { randomBytes } from 'node:crypto';
import type { EpochMs } from '../domain/marketData';
import { AppError } from '../errors/appError';
import type { ErasureObstacle, ErasureStore } from '../storage/privacy/erasureStore';
import type { ExportedTable, ExportLimits, PersonalDataStore } from '../storage/privacy/personalDataStore';
import type { AuditEntry } from '../storage/trading/audit';
import type { Authority } from './authority';
import type { PasswordHasher } from './passwordHasher';
import type { PasswordProof } from './passwordProof';

/** Everything that is kept of a person, as they are given it. */
export interface PersonalExport {
  readonly userId: string;
  /** ISO-8601. */
  readonly exportedAt: string;
  readonly tables: Readonly<Record<string, ExportedTable>>;
}

/** Who asks, and from where. */
export interface PersonalAsker {
  readonly userId: string;
  readonly ip: string | null;
}

export interface PersonalDataParts {
  readonly store: Pick<PersonalDataStore, 'read'>;
  readonly erasures: Pick<ErasureStore, 'obstacle' | 'erase'>;
  readonly proof: Pick<PasswordProof, 'take' | 'refuse'>;
  readonly hasher: Pick<PasswordHasher, 'hash'>;
  readonly authority: Pick<Authority, 'change'>;
  readonly audit: (entry: AuditEntry) => Promise<void>;
  /** Ends what is open on a user's PAPER accounts, and removes those. */
  readonly removePaperAccounts: (asker: PersonalAsker) => Promise<void>;
  readonly limits: ExportLimits;
  readonly clock: () => EpochMs;
}

/** What people may ask about themselves: all of it (GDPR articles 15 and 20), and to be forgotten (article 17). docs/PRIVACY.md. */
export class PersonalData {
  #lastExport: Promise<unknown> = Promise.resolve();

  constructor(private readonly parts: PersonalDataParts) {}

  /** One at a time, whoever asks: each may be as large as `limits` lets it. Written down before anything is read. */
  export(asker: PersonalAsker): Promise<PersonalExport> {
    const next = this.#lastExport.then(() => this.#export(asker));
    this.#lastExport = next.catch(() => undefined);
    return next;
  }

  /**
   * Erases the account of whoever knows its password, for good; within a second nothing of theirs is open any more. Throws AppError RATE_LIMITED
   * as a sign-in does, LOGIN_FAILED where the password is wrong, LAST_ADMIN, ACCOUNT_HAS_ORDERS, ACCOUNT_HAS_POSITIONS: then they are as they were,
   * but for PAPER accounts, which are gone where an order of a LIVE one was placed in this very moment.
   */
  async erase({ userId, ip }: PersonalAsker, password: string): Promise<void> {
    const { erasures, proof, hasher, authority, removePaperAccounts, clock } = this.parts;
    const proving = { userId, ip, action: 'user.erase', ifWrong: 'The password is wrong: nothing was erased.' };
    const user = await proof.take(proving, password);
    const obstacle = await erasures.obstacle(userId);
    if (obstacle !== null) throw refusal(obstacle);
    await removePaperAccounts({ userId, ip });
    const to = await hasher.hash(randomBytes(32).toString('base64url'));
    const outcome = await erasures.erase({ userId, from: user.passwordHash, to, at: clock(), ip });
    if (outcome.kind === 'changed') return proof.refuse(proving);
    if (outcome.kind !== 'erased') throw refusal(outcome);
    authority.change({ kind: 'userDisabled', userId });
  }

  async #export({ userId, ip }: PersonalAsker): Promise<PersonalExport> {
    const { store, audit, limits, clock } = this.parts;
    const at = clock();
    await audit({ at, actor: userId, ip, action: 'user.export', target: userId, outcome: 'given' });
    return { userId, exportedAt: new Date(at).toISOString(), tables: await store.read(userId, limits) };
  }
}

function refusal(obstacle: ErasureObstacle): AppError {
  switch (obstacle.kind) {
    case 'lastAdmin':
      return new AppError('LAST_ADMIN');
    case 'ordersOpen':
      return new AppError('ACCOUNT_HAS_ORDERS', {
        publicMessage: `Orders are open on your LIVE account "${obstacle.label}". Cancel them (cancelAllOrders), then erase your account.`,
      });
    case 'positionsOpen':
      return new AppError('ACCOUNT_HAS_POSITIONS', {
        publicMessage: `Positions are open on your LIVE account "${obstacle.label}". Close them (closePosition), then erase your account.`,
      });
  }
}

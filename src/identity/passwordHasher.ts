import { hash, parseOptions, verify } from '@node-rs/argon2';
import type { Secret } from '../domain/secret';
import { AppError } from '../errors/appError';
import { IdentityError } from './identityError';
import { maxPasswordChars } from './passwordPolicy';
import { Succession, type SuccessionTiming } from './succession';

/** OWASP's second choice is 19 MiB and 2 passes; this is three times as much. argon2id is the library's default. */
const hashOptions = { memoryCost: 65_536, timeCost: 3, parallelism: 1 } as const;
/** Each takes 64 MiB and one of the four threads that files and names are looked up on: one is left for these. */
const maxAtOnce = 3;
/** Beyond it an answer would come too late to be of use. */
const maxWaiting = 100;

/** A secret of the server that goes into hashes, so that the database alone is not enough to guess at them. key: 32 bytes in base64. */
export interface Pepper {
  readonly id: string;
  readonly key: Secret;
}

/**
 * Hashes and checks passwords with argon2id, a few at a time, so that a burst of logins cannot use up memory. A hash is what the database
 * holds: PHC form, behind the id of its pepper and a colon where it has one.
 */
export class PasswordHasher {
  #running = 0;
  readonly #waiting: (() => void)[] = [];
  #stranger: Promise<string> | null = null;
  #peppers: ReadonlyMap<string, Buffer>;
  readonly #succession: Succession;

  /** peppers: newest first; the first is hashed with, one that comes later as soon as `Succession` lets it; all are checked with. */
  constructor(peppers: readonly Pepper[] = [], timing: SuccessionTiming = {}) {
    this.#peppers = read(peppers);
    this.#succession = new Succession(this.pepperIds, timing);
  }

  get pepperIds(): readonly string[] {
    return [...this.#peppers.keys()];
  }

  /** True of the one that is hashed with, and of the one before it for as long as another node may hash with that. */
  mayHash(pepperId: string): boolean {
    return this.#succession.mayLead(pepperId);
  }

  /**
   * Lets these take the place of those before, and has the hash ready that strangers are checked against. Throws IdentityError where an id has
   * become another pepper's: then nothing has changed.
   */
  async use(peppers: readonly Pepper[]): Promise<void> {
    const next = read(peppers);
    const changed = [...next].find(([id, key]) => !(this.#peppers.get(id)?.equals(key) ?? true));
    if (changed !== undefined) {
      throw new IdentityError(
        `The id ${changed[0]} is another pepper's than before: give a new pepper an id of its own.`,
      );
    }
    this.#peppers = next;
    this.#succession.replace(this.pepperIds);
    this.#stranger = null;
    await this.prepare();
  }

  /** Throws AppError RATE_LIMITED where too many wait already. */
  async hash(password: string): Promise<string> {
    const id = this.#succession.leader;
    // Of this pepper, whichever are there when it is its turn.
    const options = { ...hashOptions, ...this.#with(id) };
    const phc = await this.#inTurn(() => hash(password, options));
    return id === null ? phc : `${id}:${phc}`;
  }

  /**
   * One argon2 verification, whoever asks: with no hash (nobody of that name) against a hash of nobody's.
   * Throws AppError RATE_LIMITED where too many wait already.
   */
  async verify(passwordHash: string | null, password: string): Promise<boolean> {
    const { pepper, phc } = partsOf(passwordHash ?? (await this.#strangersHash()));
    // What was hashed with a pepper that is gone opens to nobody, and costs what any other does.
    const isLost = pepper !== null && !this.#peppers.has(pepper);
    // Longer than any that could have been set; cut off, so that its length costs nothing.
    const tried = password.slice(0, maxPasswordChars);
    const isRight = await this.#inTurn(() => verify(phc, tried, this.#with(pepper)));
    return isRight && !isLost && passwordHash !== null && tried === password;
  }

  /** True where it would be hashed otherwise today: with other parameters, or another pepper. */
  isOutdated(passwordHash: string): boolean {
    const { pepper, phc } = partsOf(passwordHash);
    const { memoryCost, timeCost, parallelism } = parseOptions(phc);
    const isSame =
      memoryCost === hashOptions.memoryCost &&
      timeCost === hashOptions.timeCost &&
      parallelism === hashOptions.parallelism;
    return !isSame || pepper !== this.#succession.leader;
  }

  /** Made once, before the first login of a stranger could tell by its time: call this at the start. */
  async prepare(): Promise<void> {
    await this.#strangersHash();
  }

  #with(pepper: string | null): { readonly secret?: Buffer } {
    const secret = pepper === null ? undefined : this.#peppers.get(pepper);
    return secret === undefined ? {} : { secret };
  }

  #strangersHash(): Promise<string> {
    this.#stranger ??= this.hash('no password has this hash');
    return this.#stranger;
  }

  async #inTurn<Result>(work: () => Promise<Result>): Promise<Result> {
    if (this.#running >= maxAtOnce) {
      if (this.#waiting.length >= maxWaiting) throw new AppError('RATE_LIMITED');
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    } else this.#running += 1;
    try {
      return await work();
    } finally {
      // The place goes to the next in line, or is free again.
      const next = this.#waiting.shift();
      if (next === undefined) this.#running -= 1;
      else next();
    }
  }
}

function read(peppers: readonly Pepper[]): ReadonlyMap<string, Buffer> {
  return new Map(peppers.map(({ id, key }) => [id, Buffer.from(key.reveal(), 'base64')]));
}

/** PHC form begins with "$", an id does not. */
function partsOf(passwordHash: string): { readonly pepper: string | null; readonly phc: string } {
  const colon = passwordHash.startsWith('$') ? -1 : passwordHash.indexOf(':');
  return { pepper: colon < 0 ? null : passwordHash.slice(0, colon), phc: passwordHash.slice(colon + 1) };
}

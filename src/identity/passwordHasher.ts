import { hash, verify } from '@node-rs/argon2';
import { AppError } from '../errors/appError';
import { maxPasswordChars } from './passwordPolicy';

/** OWASP's second choice is 19 MiB and 2 passes; this is three times as much. argon2id is the library's default. */
const hashOptions = { memoryCost: 65_536, timeCost: 3, parallelism: 1 } as const;
/** Each takes 64 MiB and one of the four threads that files and names are looked up on: one is left for these. */
const maxAtOnce = 3;
/** Beyond it an answer would come too late to be of use. */
const maxWaiting = 100;

/** Hashes and checks passwords with argon2id, a few at a time, so that a burst of logins cannot use up memory. */
export class PasswordHasher {
  #running = 0;
  readonly #waiting: (() => void)[] = [];
  #stranger: Promise<string> | null = null;

  /** PHC form with the parameters in it. Throws AppError RATE_LIMITED where too many wait already. */
  async hash(password: string): Promise<string> {
    return this.#inTurn(() => hash(password, hashOptions));
  }

  /**
   * One argon2 verification, whoever asks: with no hash (nobody of that name) against a hash of nobody's.
   * Throws AppError RATE_LIMITED where too many wait already.
   */
  async verify(passwordHash: string | null, password: string): Promise<boolean> {
    const known = passwordHash ?? (await this.#strangersHash());
    // Longer than any that could have been set; cut off, so that its length costs nothing.
    const tried = password.slice(0, maxPasswordChars);
    const isRight = await this.#inTurn(() => verify(known, tried));
    return isRight && passwordHash !== null && tried === password;
  }

  /** Made once, before the first login of a stranger could tell by its time: call this at the start. */
  async prepare(): Promise<void> {
    await this.#strangersHash();
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

import type { ZxcvbnFactory } from '@zxcvbn-ts/core';
import { AppError } from '../errors/appError';

/**
 * NIST SP 800-63B-4, section 3.1.1.2: so many characters for a password that is the only factor, fewer for one that is not. zxcvbn's
 * score of 3: more than 10^8 guesses, by one who knows what people choose; of 2: more than 10^6, which no eight characters fall short of
 * but those that many have chosen.
 */
const least = { alone: { length: 15, score: 3 }, withMfa: { length: 8, score: 2 } };
/** Every one of up to 64 characters fits, whatever it takes to write it. */
export const maxPasswordChars = 128;
/** What it looks at takes longer the more there is; a part that is good makes the whole good. */
const judgedChars = 100;

/**
 * What a password has to be: long, and not among those that are guessed first (a list of 40,000 that leaked, keyboard rows, dates,
 * repetitions, the name of the product, one's own address). No rules of composition, no expiry; it is taken unchanged.
 */
export class PasswordPolicy {
  #estimator: Promise<ZxcvbnFactory> | null = null;

  /** Throws AppError PASSWORD_NOT_ACCEPTABLE with what to do. */
  async assertFit(password: string, user: { readonly email: string; readonly mfaEnabled?: boolean }): Promise<void> {
    const { length, score: minScore } = user.mfaEnabled === true ? least.withMfa : least.alone;
    if (Array.from(password).length < length) {
      throw refused(`Choose a password of at least ${length} characters: a few words that say nothing together.`);
    }
    if (password.length > maxPasswordChars)
      throw refused(`Choose a password of at most ${maxPasswordChars} characters.`);
    const { score } = (await this.#load()).check(password.slice(0, judgedChars), contextOf(user.email));
    if (score < minScore) {
      throw refused(
        'This password is among those that are guessed first. Choose another, of words that say nothing together.',
      );
    }
  }

  /** At the first password that is set: 25 MB and a third of a second that most processes never need. */
  #load(): Promise<ZxcvbnFactory> {
    this.#estimator ??= loadEstimator();
    return this.#estimator;
  }
}

async function loadEstimator(): Promise<ZxcvbnFactory> {
  const [core, { dictionary, adjacencyGraphs }] = await Promise.all([
    import('@zxcvbn-ts/core'),
    import('@zxcvbn-ts/language-common'),
  ]);
  return new core.ZxcvbnFactory({ dictionary, graphs: adjacencyGraphs });
}

function contextOf(email: string): string[] {
  return ['tickgate', email, ...email.split(/[^\p{L}\p{N}]+/u).filter((part) => part.length > 2)];
}

function refused(publicMessage: string): AppError {
  return new AppError('PASSWORD_NOT_ACCEPTABLE', { publicMessage });
}

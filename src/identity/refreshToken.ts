import { createHash, createHmac, randomBytes } from 'node:crypto';

const prefix = 'tgr_';
const size = 32;
const shape = /^tgr_([\w-]{43})$/;

/**
 * 256 random bits that a session goes on with, once: `tgr_` and base64url. The database knows its hash alone.
 *
 * The one that follows is made of the one that was used and a salt that only the database knows: whoever asks again with the same
 * token (a request whose answer was lost, two tabs at once) is given the same successor, and neither an old token nor a copy
 * of the database is enough to know it.
 */
export class RefreshToken {
  private constructor(private readonly bytes: Buffer) {}

  static random(): RefreshToken {
    return new RefreshToken(randomBytes(size));
  }

  /** Null where the text is none. */
  static parse(text: string): RefreshToken | null {
    const encoded = shape.exec(text)?.[1];
    return encoded === undefined ? null : new RefreshToken(Buffer.from(encoded, 'base64url'));
  }

  static newSalt(): Buffer {
    return randomBytes(size);
  }

  /** What the client keeps. */
  get text(): string {
    return `${prefix}${this.bytes.toString('base64url')}`;
  }

  /** SHA-256. No salt and no stretching: there is nothing to guess in 256 random bits. */
  get hash(): Buffer {
    return createHash('sha256').update(this.bytes).digest();
  }

  successor(salt: Buffer): RefreshToken {
    return new RefreshToken(createHmac('sha256', this.bytes).update(salt).digest());
  }
}

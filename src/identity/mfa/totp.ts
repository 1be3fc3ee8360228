import { generateSecret, generateURI, verifySync } from 'otplib';
import type { EpochMs } from '../../domain/marketData';

/** What RFC 6238 and every authenticator app take for granted: 30 s, 6 digits, SHA-1. */
const periodS = 30;
const codeShape = /^\d{6}$/;

/** 160 random bits (RFC 4226 section 4, R6), in base32 as apps take them. */
export function newTotpSecret(): string {
  return generateSecret({ length: 20 });
}

/** What a QR code tells an authenticator app. */
export function otpauthUri(secret: string, email: string): string {
  return generateURI({ issuer: 'Tickgate', label: email, secret });
}

export function isTotpCode(code: string): boolean {
  return codeShape.test(code);
}

/**
 * The time step that a code is of; null where it is not the code of now. Neither the one before nor the one after is taken: each would
 * be one more code that a guess may meet, and clocks of phones are set by the network.
 */
export function stepOfCode(secret: string, code: string, at: EpochMs): number | null {
  if (!isTotpCode(code)) return null;
  const epoch = Math.floor(at / 1000);
  const { valid } = verifySync({ secret, token: code, epoch, period: periodS, epochTolerance: 0 });
  return valid ? Math.floor(epoch / periodS) : null;
}

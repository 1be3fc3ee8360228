import { toStoredEmail } from '../storage/user.repository';

/** RFC 5321, section 4.5.3.1.3, without the angle brackets. */
const maxChars = 254;

/** One @ with something on both sides: whether it reaches anybody, only a mail to it can tell. */
export function isEmailAddress(text: string): boolean {
  // Lower case can be longer: that of "İ" is two characters.
  return toStoredEmail(text).length <= maxChars && /^[^\s@\p{Cc}]+@[^\s@\p{Cc}]+$/u.test(text);
}

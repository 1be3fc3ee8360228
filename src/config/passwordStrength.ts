/** What stands in examples, and what people write until they know better; in small letters, letters and digits alone. */
const placeholders = new Set(
  (
    'admin administrator changeit changethis default demo dummy example foobar guest letmein none null pass passwd passw0rd password ' +
    'password1 password123 placeholder postgres postgresql pwd qwerty redis replaceme root secret server sample smtp test tickgate ' +
    'tobedefined todo tbd token undefined user verysecret x123 12345678 123456789'
  ).split(' '),
);
/** Nobody's random text holds these. */
const tellTales = ['changeme', 'changethis', 'placeholder', 'replaceme', 'yourpassword', 'yoursecret', 'insertsecret'];
/** What a password of a template is put between: <password>, ${PASSWORD}, {{ password }}. */
const template = /^(<.*>|\$\{.*\}|\{\{.*\}\}|%.*%)$/s;
/** A word that is said again and again. */
const repeated = /^(.{1,12}?)\1+$/s;
const minDistinct = 8;

/** Kinds of characters, and how many there are of each. */
const alphabets: readonly (readonly [RegExp, number])[] = [
  [/[a-z]/, 26],
  [/[A-Z]/, 26],
  [/\d/, 10],
  [/[^A-Za-z\d]/, 33],
];

/** What is wrong with a password, to follow the name of what holds it; null where nothing is. Repeats nothing of it. minBits: 0 where others choose it. */
export function passwordProblem(password: string, minBits: number): string | null {
  const plain = password.toLowerCase().replaceAll(/[^\p{L}\p{N}]/gu, '');
  if (placeholders.has(plain) || tellTales.some((each) => plain.includes(each)) || template.test(password)) {
    return 'is a placeholder';
  }
  if (minBits === 0) return null;
  if (repeated.test(password) || new Set(password).size < minDistinct) return 'repeats itself';
  return mostBits(password) < minBits ? `has less than ${minBits} bits, however it was chosen` : null;
}

/** What it has if each of its characters was drawn from all of its kinds. */
function mostBits(password: string): number {
  const isHex = /^([\da-f]+|[\dA-F]+)$/.test(password);
  const size = isHex ? 16 : alphabets.reduce((sum, [kind, letters]) => sum + (kind.test(password) ? letters : 0), 0);
  return password.length * Math.log2(Math.max(size, 1));
}

const lengthBytes = 4;

/**
 * Texts in one buffer, for the caller to clear: each as UTF-8 behind its length (4 bytes, big-endian), so that no two lists give the same bytes.
 * Throws RangeError where a text holds half a surrogate pair, which UTF-8 cannot say.
 */
export function encodeTexts(texts: readonly string[]): Buffer {
  if (texts.some((text) => /\p{Surrogate}/u.test(text))) throw new RangeError('a text is not well-formed Unicode');
  const size = texts.reduce((sum, text) => sum + lengthBytes + Buffer.byteLength(text), 0);
  const encoded = Buffer.alloc(size);
  let offset = 0;
  for (const text of texts) {
    const textStart = encoded.writeUInt32BE(Buffer.byteLength(text), offset);
    offset = textStart + encoded.write(text, textStart);
  }
  return encoded;
}

/** The texts of `encodeTexts`, from bytes that are known to be its work: their tag was checked. */
export function decodeTexts(encoded: Buffer): readonly string[] {
  const texts: string[] = [];
  let offset = 0;
  while (offset < encoded.length) {
    const textStart = offset + lengthBytes;
    offset = textStart + encoded.readUInt32BE(offset);
    texts.push(encoded.toString('utf8', textStart, offset));
  }
  return texts;
}

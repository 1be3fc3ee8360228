import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';

/** What stands where a digest or a commit could not be looked up: never a guess. No engine and no runner takes it for one. */
export const unresolved = 'unresolved';

const seen = z.iso.date().nullable();
const pinSchema = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('image'),
    name: z.string().regex(/^[a-z0-9.:-]+(\/[a-z0-9._-]+)*$/),
    tag: z.string().regex(/^[\w][\w.-]{0,127}$/),
    pin: z.string().regex(/^(sha256:[0-9a-f]{64}|unresolved)$/),
    seen,
  }),
  z.strictObject({
    kind: z.literal('action'),
    /** owner/repository, without the folder of an action inside it. */
    name: z.string().regex(/^[\w.-]+\/[\w.-]+$/),
    tag: z.string().regex(/^[\w.-]+$/),
    pin: z.string().regex(/^([0-9a-f]{40}|unresolved)$/),
    seen,
  }),
]);

/** One image or action of others: its name and tag, what the tag was when it was looked up, and on which day that was. */
export type Pin = z.infer<typeof pinSchema>;

export const pinsFile = 'security/pins.json';

/** Throws where the file is not as it should be, or names something twice. */
export function readPins(projectDir: string): readonly Pin[] {
  const pins = z.array(pinSchema).parse(JSON.parse(readFileSync(path.join(projectDir, pinsFile), 'utf8')));
  const names = pins.map(nameOf);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) throw new Error(`${pinsFile} names ${twice} twice.`);
  return pins;
}

/** A line a pin, so that a change of one is a change of one line. */
export function writePins(projectDir: string, pins: readonly Pin[]): void {
  const lines = pins.map((pin) => {
    const fields = Object.entries(pin).map(([key, value]) => `${JSON.stringify(key)}: ${JSON.stringify(value)}`);
    return `  { ${fields.join(', ')} }`;
  });
  writeFileSync(path.join(projectDir, pinsFile), `[\n${lines.join(',\n')}\n]\n`);
}

/** As a person would ask for it. */
export function nameOf({ kind, name, tag }: Pick<Pin, 'kind' | 'name' | 'tag'>): string {
  return kind === 'image' ? `${name}:${tag}` : `${name}@${tag}`;
}

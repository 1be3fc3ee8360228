import { existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { nameOf, unresolved, type Pin } from './pins';

/** A use of an image or an action in a file of the project. */
export interface PinnedUse {
  /** From the project's folder. */
  readonly file: string;
  readonly line: number;
  readonly kind: Pin['kind'];
  readonly name: string;
  readonly tag: string;
  /** What stands there; empty where nothing does. */
  readonly pin: string;
}

const imagePlaces = ['docker', 'docker/kubernetes'];
const actionPlaces = ['.github/workflows'];
const image = /^(\s*(?:FROM|- image:|image:)\s+)([a-z0-9.:/_-]+?):([\w][\w.-]*)(?:@([\w:]+))?(?=\s|$)/;
const action = /^(\s*(?:- )?uses:\s+)([\w.-]+\/[\w.-]+)((?:\/[\w.-]+)*)@([\w.-]+)(?:\s+#\s*([\w.-]+).*)?$/;
/** Git's own word for "no commit": as a ref of an action it can never run. */
export const noCommit = '0'.repeat(40);

/** Every place where an image or an action of others is named. */
export function findUses(projectDir: string): readonly PinnedUse[] {
  return pinnedFiles(projectDir).flatMap((file) =>
    linesOf(projectDir, file).flatMap((text, index) => {
      const use = readUse(text);
      return use === null ? [] : [{ file, line: index + 1, ...use }];
    }),
  );
}

/** Writes each pin where it is used. Returns the files that changed. */
export function writeUses(projectDir: string, pins: readonly Pin[]): readonly string[] {
  return pinnedFiles(projectDir).filter((file) => {
    const lines = linesOf(projectDir, file);
    const changed = lines.map((text) => pinned(text, pins));
    if (changed.join('\n') === lines.join('\n')) return false;
    writeFileSync(path.join(projectDir, file), changed.join('\n'));
    return true;
  });
}

function readUse(text: string): Omit<PinnedUse, 'file' | 'line'> | null {
  const ofImage = image.exec(text);
  if (ofImage !== null) {
    const [, , name = '', tag = '', pin = ''] = ofImage;
    return { kind: 'image', name, tag, pin: pin === `sha256:${unresolved}` ? unresolved : pin };
  }
  const ofAction = action.exec(text);
  if (ofAction === null) return null;
  const [, , name = '', , ref = '', tag = ''] = ofAction;
  return { kind: 'action', name, tag, pin: ref === noCommit ? unresolved : ref };
}

function pinned(text: string, pins: readonly Pin[]): string {
  const use = readUse(text);
  const found = use === null ? undefined : pins.find((pin) => nameOf(pin) === nameOf(use) && pin.kind === use.kind);
  if (use === null || found === undefined) return text;
  const isOpen = found.pin === unresolved;
  if (found.kind === 'image') {
    const digest = isOpen ? `sha256:${unresolved}` : found.pin;
    return text.replace(image, (_, before: string) => `${before}${nameOf(found)}@${digest}`);
  }
  const [, before = '', name = '', folder = ''] = action.exec(text) ?? [];
  return `${before}${name}${folder}@${isOpen ? noCommit : found.pin} # ${found.tag}${isOpen ? ` ${unresolved}` : ''}`;
}

function pinnedFiles(projectDir: string): readonly string[] {
  const among = (places: readonly string[], isOne: (name: string) => boolean): readonly string[] =>
    places.flatMap((place) => {
      const dir = path.join(projectDir, place);
      if (!existsSync(dir)) return [];
      return readdirSync(dir)
        .filter(isOne)
        .sort()
        .map((name) => `${place}/${name}`);
    });
  return [
    ...among(imagePlaces, (name) => name === 'Dockerfile' || /\.ya?ml$/.test(name)),
    ...among(actionPlaces, (name) => /\.ya?ml$/.test(name)),
  ];
}

function linesOf(projectDir: string, file: string): readonly string[] {
  return readFileSync(path.join(projectDir, file), 'utf8').split('\n');
}

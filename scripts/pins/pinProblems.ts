import type { PinnedUse } from './pinnedFiles';
import { nameOf, pinsFile, unresolved, type Pin } from './pins';

/** What keeps a release from being made: a sentence each. Nothing of others is built upon or run by a name alone. */
export function pinProblems(pins: readonly Pin[], uses: readonly PinnedUse[]): readonly string[] {
  const byName = new Map(pins.map((pin) => [nameOf(pin), pin]));
  return [
    ...pins.flatMap((pin) => {
      if (pin.pin === unresolved) return [`${nameOf(pin)} is unresolved: run "npm run pin" where it can be looked up.`];
      return pin.seen === null ? [`${nameOf(pin)} is pinned without the day on which that was seen.`] : [];
    }),
    ...pins
      .filter((pin) => !uses.some((use) => nameOf(use) === nameOf(pin)))
      .map((pin) => `${nameOf(pin)} of ${pinsFile} is used nowhere: take it out.`),
    ...uses.flatMap((use) => {
      const pin = byName.get(nameOf(use));
      const place = `${use.file}:${use.line}`;
      if (pin === undefined) return [`${place} uses ${nameOf(use)}, which ${pinsFile} does not name.`];
      return use.pin === pin.pin
        ? []
        : [`${place} uses ${nameOf(use)} at ${use.pin === '' ? 'whatever its tag is' : use.pin}: run "npm run pin".`];
    }),
  ];
}

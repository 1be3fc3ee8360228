/**
 * Null where this Node can run the project, else one sentence. From 20.19 and 22.12 on `require` takes ES modules,
 * which some packages have become; the versions between lack it.
 */
export function nodeProblem(version) {
  const [major, minor] = version.split('.').map(Number);
  const isFit = (major === 20 && minor >= 19) || (major === 22 && minor >= 12) || major > 22;
  return isFit ? null : `Tickgate needs Node 20.19 or later (and, of Node 22, 22.12 or later); this is ${version}.`;
}

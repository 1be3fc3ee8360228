import type { Check, Finding } from './check';
import { packagePolicyFile, platformOwner, readLock, readPackagePolicy } from './lock';

export const licences: Check = {
  name: 'licences',
  run: (projectDir) => {
    const lock = readLock(projectDir);
    const { licences: allowed, otherLicences } = readPackagePolicy(projectDir);
    const used = new Set<string>();
    const expressions = new Set<string>();
    const findings: Finding[] = [];
    for (const locked of lock.packages) {
      // The lock knows nothing of packages that the registry did not serve: they are the same work as the package that names them.
      const licence = locked.entry.license ?? platformOwner(lock, locked)?.entry.license;
      const place = `${locked.name}@${locked.version}`;
      const other = otherLicences[locked.name];
      if (other !== undefined) used.add(locked.name);
      if (licence === undefined) findings.push({ place, sentence: 'tells no licence.' });
      else if (!isAllowed(licence, new Set([...allowed, ...(other === undefined ? [] : [other.licence])])))
        findings.push({ place, sentence: `has the licence ${licence}, which ${packagePolicyFile} does not allow.` });
      expressions.add(licence ?? 'none');
    }
    for (const name of Object.keys(otherLicences).filter((name) => !used.has(name)))
      findings.push({ place: packagePolicyFile, sentence: `otherLicences: ${name} is not in the lock any more.` });
    return { figures: `${lock.packages.length} packages, ${expressions.size} licences`, findings };
  },
};

/** An SPDX expression of AND, OR and parentheses; what is not understood is not allowed. */
export function isAllowed(expression: string, allowed: ReadonlySet<string>): boolean {
  const words = expression.match(/\(|\)|[^\s()]+/g) ?? [];
  let next = 0;
  const any = (): boolean => {
    let result = all();
    while (words[next] === 'OR') {
      next += 1;
      // Both sides are read, whatever the first has decided.
      result = [result, all()].includes(true);
    }
    return result;
  };
  const all = (): boolean => {
    let result = one();
    while (words[next] === 'AND') {
      next += 1;
      result = ![result, one()].includes(false);
    }
    return result;
  };
  const one = (): boolean => {
    const word = words[next];
    next += 1;
    if (word !== '(') return word !== undefined && allowed.has(word);
    const result = any();
    next += 1;
    return result && words[next - 1] === ')';
  };
  const result = any();
  return result && next === words.length;
}

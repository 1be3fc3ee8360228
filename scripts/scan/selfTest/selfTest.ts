import { advisories } from '../advisories';
import type { Check } from '../check';
import { checks } from '../checks';
import { ignored } from '../ignored';
import { runCheck, type Line } from '../report';
import { historySecrets, treeSecrets } from '../secrets';
import { differences } from '../sbom';
import { readLock } from '../lock';
import type { PlantedFault } from './faults/plantedFault';
import { plantedFaults } from './plantedFaults';
import { plantedSecrets, secretOfMessage } from './plantedSecrets';
import { SampleProject } from './sampleProject';

/** Whether the scan finds what it says it looks for: faults of every kind, planted in repositories made for it. A line each, as of a check. */
export function runSelfTest(): readonly (() => Line)[] {
  return [
    nothingPlanted,
    secretsInTree,
    secretsInHistory,
    shallowClone,
    committedAnyway,
    differentBill,
    ...faultsByCheck(),
  ];
}

function nothingPlanted(): Line {
  return inSample('nothing planted', (sample) => {
    const lines = checks.filter((check) => check !== advisories).map((check) => runCheck(check, sample.dir));
    return {
      figures: `${lines.length} checks`,
      missed: lines.flatMap(({ findings }) => findings.map(({ place, sentence }) => `${place}: ${sentence}`)),
    };
  });
}

function secretsInTree(): Line {
  return inSample('planted in the tree', (sample) => {
    for (const { file, content } of plantedSecrets) sample.write(file, content);
    sample.git('add', '--all', '--force');
    return missedSecrets(runCheck(treeSecrets, sample.dir));
  });
}

/** Committed, then deleted: nothing of it is left in the files. */
function secretsInHistory(): Line {
  return inSample('planted in the history', (sample) => {
    for (const { file, content } of plantedSecrets) sample.write(file, content);
    sample.commit('Add');
    for (const { file } of plantedSecrets) sample.delete(file);
    sample.commit(secretOfMessage());
    sample.git('tag', '--annotate', '--message', secretOfMessage(), 'v1.0.0');
    const line = runCheck(historySecrets, sample.dir);
    const { figures, missed } = missedSecrets(line);
    const messages = line.findings.filter(({ place }) => place.startsWith('message of ')).length;
    const left = runCheck(treeSecrets, sample.dir).findings.length;
    return {
      figures: `${figures}, ${messages} of 2 in messages`,
      missed: [...missed, ...(messages === 2 ? [] : ['a message']), ...(left === 0 ? [] : ['the tree is not clean'])],
    };
  });
}

function missedSecrets({ findings }: Line): { figures: string; missed: string[] } {
  const missed = plantedSecrets.filter(
    ({ rule, file }) =>
      !findings.some(({ place, sentence }) => place.startsWith(`${file}:`) && sentence.startsWith(`${rule}: `)),
  );
  const kinds = new Set(plantedSecrets.map(({ rule }) => rule)).size;
  return {
    figures: `${plantedSecrets.length - missed.length} of ${plantedSecrets.length} secrets of ${kinds} kinds`,
    missed: missed.map(({ rule, file }) => `${rule} in ${file}`),
  };
}

function shallowClone(): Line {
  return inSample('a cut history', (sample) => {
    sample.commit('Go on');
    sample.git('clone', '--quiet', '--depth', '1', `file://${sample.dir}`, `${sample.dir}/clone`);
    const { findings } = runCheck(historySecrets, `${sample.dir}/clone`);
    const isFound = findings.some(({ sentence }) => sentence.includes('git fetch --unshallow'));
    return { figures: isFound ? '1 of 1' : '0 of 1', missed: isFound ? [] : ['a shallow clone passed for the whole'] };
  });
}

function committedAnyway(): Line {
  return inSample('committed anyway', (sample) => {
    const files = { '.env': /is committed: take it out/, 'run.log': /although \.gitignore names it/ };
    for (const file of Object.keys(files)) sample.write(file, 'nothing\n');
    sample.commit('Add');
    const { findings } = runCheck(ignored, sample.dir);
    const missed = Object.entries(files)
      .filter(([file, found]) => !findings.some(({ place, sentence }) => place === file && found.test(sentence)))
      .map(([file]) => file);
    return { figures: `${2 - missed.length} of 2`, missed };
  });
}

/** npm makes the bill, so a fault of it cannot be planted in a file: it is compared with a lock that differs. */
function differentBill(): Line {
  return inSample('another bill', (sample) => {
    const { packages } = readLock(sample.dir);
    const components = packages.map(({ name, version, entry }) => ({
      name,
      version,
      purl: `pkg:npm/${name.replace('@', '%40')}@${version}`,
      hashes:
        entry.integrity === undefined
          ? []
          : [
              {
                alg: 'SHA-512',
                content: Buffer.from(entry.integrity.replace('sha512-', ''), 'base64').toString('hex'),
              },
            ],
    }));
    const [first, ...others] = components;
    if (first === undefined) throw new Error('The sample has no packages.');
    const planted = {
      'a package too few': others,
      'a package too many': [...components, { ...first, purl: 'pkg:npm/more@1.0.0' }],
      'another checksum': [{ ...first, hashes: [{ alg: 'SHA-512', content: '00' }] }, ...others],
      'no checksum': [{ ...first, hashes: [] }, ...others],
    };
    const missed = Object.entries(planted).filter(([, bill]) => differences(bill, packages).length === 0);
    const tooMuch = differences(components, packages).length > 0 ? ['the same bill is told to differ'] : [];
    const { length } = Object.keys(planted);
    return { figures: `${length - missed.length} of ${length}`, missed: [...missed.map(([name]) => name), ...tooMuch] };
  });
}

function faultsByCheck(): (() => Line)[] {
  return [...plantedFaults].map(
    ([check, faults]) =>
      () =>
        inSample(`planted: ${check.name}`, (sample) => {
          const missed = faults.filter((fault) => !isFound(sample, check, fault)).map((fault) => fault.name);
          return { figures: `${faults.length - missed.length} of ${faults.length} faults`, missed };
        }),
  );
}

function isFound(sample: SampleProject, check: Check, { edits, found }: PlantedFault): boolean {
  const before = edits.map(({ file }) => [file, sample.has(file) ? sample.read(file) : null] as const);
  try {
    for (const { file, from, to } of edits) {
      const text = sample.has(file) ? sample.read(file) : '';
      const changed = text.replace(from, to);
      if (changed === text) throw new Error(`${file} has no place to plant in any more: ${String(from)}`);
      sample.write(file, changed);
    }
    return runCheck(check, sample.dir).findings.some(
      ({ place, sentence }) => found.test(sentence) || found.test(place),
    );
  } finally {
    for (const [file, text] of before) {
      if (text === null) sample.delete(file);
      else sample.write(file, text);
    }
  }
}

function inSample(name: string, look: (sample: SampleProject) => { figures: string; missed: readonly string[] }): Line {
  const sample = new SampleProject();
  try {
    const { figures, missed } = look(sample);
    const findings = missed.map((place) => ({ place, sentence: 'was not found.' }));
    return { name, status: findings.length === 0 ? 'ok' : 'FAILED', figures, findings };
  } finally {
    sample.remove();
  }
}

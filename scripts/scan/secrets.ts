import { createHash } from 'node:crypto';
import { lstatSync, readFileSync, readlinkSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import type { Check, Finding, Outcome } from './check';
import { commitOf, everyPath, firstCommitOf, git, listFiles, readHistory, type GitObject } from './git';
import { readPolicy } from './policy';
import { secretRules, type SecretRule, type SecretRuleName } from './secretRules';

interface Leak {
  readonly rule: SecretRuleName | 'secret-file';
  readonly line: number;
  /** Of the rule and the secret: the same text is the same leak wherever it stands. */
  readonly fingerprint: string;
  /** Enough to find it again, and not to use it. */
  readonly shown: string;
}

/** Rules that know a secret by its own shape. The others would find chance in what is not text. */
const shapeless: ReadonlySet<string> = new Set([
  'named-secret',
  'plain-assignment',
  'random-text',
  'aws-secret-access-key',
]);

/** Files that hold nothing but secrets, by their names. */
const secretFile =
  /(^|\/)(\.env(\.(?!template$)[^/]*)?|id_(rsa|dsa|ecdsa|ed25519)|\.netrc|\.pgpass|\.htpasswd|[^/]+\.(p12|pfx|jks|keystore|kdbx|key))$/;

const allowedFile = 'security/allowedSecrets.yml';

const allowed = z.array(
  z.strictObject({
    fingerprint: z.string().regex(/^[0-9a-f]{32}$/),
    /** Why it is no secret. */
    reason: z.string().min(10),
  }),
);

export const treeSecrets: Check = {
  name: 'secrets in the tree',
  run: (projectDir) => {
    const files = listFiles(projectDir);
    const leaks = files.flatMap((file) => leaksInFile(projectDir, file).map((leak) => ({ leak, file })));
    const findings = leaks.map(({ leak, file }) => describe(leak, `${file}:${leak.line}`));
    return outcome(projectDir, {
      figures: `${files.length} files, ${Object.keys(secretRules).length} rules`,
      leaks,
      findings,
    });
  },
};

export const historySecrets: Check = {
  name: 'secrets in the history',
  run: (projectDir) => {
    if (git(projectDir, ['rev-parse', '--is-shallow-repository']).toString().trim() === 'true') {
      const sentence =
        'This clone holds only the end of the history: run "git fetch --unshallow", in CI check out with fetch-depth 0.';
      return { figures: 'nothing', findings: [{ place: '.git', sentence }] };
    }
    const { leaks, figures } = leaksOfHistory(projectDir);
    const inTree = new Set(
      listFiles(projectDir).flatMap((file) => leaksInFile(projectDir, file).map(({ fingerprint }) => fingerprint)),
    );
    const allowed = readAllowed(projectDir);
    const idle = allowed.filter(({ fingerprint }) => !leaks.has(fingerprint) && !inTree.has(fingerprint));
    for (const { fingerprint } of allowed) leaks.delete(fingerprint);
    const findings = [...leaks.values()].map(({ leak, object }) => {
      if (object === null) return describe(leak, `${leak.shown}:1 (${firstCommitOf(projectDir, leak.shown)})`);
      const commit = commitOf(projectDir, object).slice(0, 12);
      const isBlob = object.kind === 'blob';
      return describe(leak, isBlob ? `${object.path}:${leak.line} (commit ${commit})` : `message of ${commit}`);
    });
    return { figures, findings: [...findings, ...idle.map(idleEntry)] };
  },
};

/** By fingerprint: the same text in many versions of a file is one leak, told where it was first met. A file known by its name has no object. */
function leaksOfHistory(projectDir: string): {
  readonly leaks: Map<string, { readonly leak: Leak; readonly object: GitObject | null }>;
  readonly figures: string;
} {
  const leaks = new Map<string, { leak: Leak; object: GitObject | null }>();
  const counts = { blob: 0, commit: 0, tag: 0 };
  for (const object of readHistory(projectDir)) {
    counts[object.kind] += 1;
    for (const leak of findLeaks(object.bytes)) {
      if (!leaks.has(leak.fingerprint)) leaks.set(leak.fingerprint, { leak, object });
    }
  }
  for (const leak of everyPath(projectDir).flatMap(leaksByName)) leaks.set(leak.fingerprint, { leak, object: null });
  return { leaks, figures: `${counts.blob} versions of files, ${counts.commit} commits, ${counts.tag} tags` };
}

function leaksInFile(projectDir: string, file: string): Leak[] {
  const place = path.join(projectDir, file);
  const found = lstatSync(place, { throwIfNoEntry: false });
  // Removed, and not yet committed so: the history has what there was.
  if (found === undefined) return [];
  if (found.isDirectory()) throw new Error(`${file} is a repository inside this one, and is not looked at.`);
  return [
    ...leaksByName(file),
    ...findLeaks(found.isSymbolicLink() ? readlinkSync(place, 'buffer') : readFileSync(place)),
  ];
}

/** Leaks that are not allowed. */
function outcome(
  projectDir: string,
  found: { figures: string; leaks: readonly { leak: Leak }[]; findings: readonly Finding[] },
): Outcome {
  const entries = readAllowed(projectDir);
  const known = new Set(entries.map(({ fingerprint }) => fingerprint));
  const findings = found.findings.filter((_, place) => !known.has(found.leaks[place]?.leak.fingerprint ?? ''));
  return { figures: `${found.figures}, ${entries.length} allowed`, findings: distinct(findings) };
}

function idleEntry({ fingerprint }: { fingerprint: string }): Finding {
  return {
    place: allowedFile,
    sentence: `${fingerprint} stands nowhere any more, neither in the files nor in the history: take it out.`,
  };
}

function readAllowed(projectDir: string): z.infer<typeof allowed> {
  return readPolicy(projectDir, allowedFile, allowed);
}

function describe(leak: Leak, place: string): Finding {
  const sentence = `${leak.rule}: ${leak.shown}. Revoke it and take it out; what is no secret goes into ${allowedFile} as ${leak.fingerprint}, with the reason.`;
  return { place, sentence };
}

function distinct(findings: readonly Finding[]): Finding[] {
  return [...new Map(findings.map((finding) => [`${finding.place}\0${finding.sentence}`, finding])).values()];
}

/** A file that is a secret as a whole. */
function leaksByName(file: string): Leak[] {
  return secretFile.test(file) ? [leakOf('secret-file', file, { line: 1, shown: file })] : [];
}

/** Every leak of a text, by an earlier rule where a later one would name the same place. */
function findLeaks(bytes: Buffer): Leak[] {
  const isText = !bytes.includes(0);
  // UTF-16 without its zeros is the text again; of other binaries the runs of plain characters are searched.
  const text = isText ? bytes.toString('utf8') : bytes.toString('latin1').replaceAll('\0', '');
  const leaks: Leak[] = [];
  const lowerCase = text.toLowerCase();
  const taken: { start: number; end: number }[] = [];
  for (const [name, rule] of Object.entries<SecretRule>(secretRules)) {
    if (!isText && shapeless.has(name)) continue;
    if (rule.words.length > 0 && !rule.words.some((text) => lowerCase.includes(text))) continue;
    for (const match of text.matchAll(rule.pattern)) {
      const secret = match.groups?.['secret'] ?? match[0];
      const start = match.index + match[0].indexOf(secret);
      const end = start + secret.length;
      if (taken.some((other) => start < other.end && other.start < end)) continue;
      if (rule.isLikely !== undefined && !rule.isLikely(secret)) continue;
      taken.push({ start, end });
      const shown = `${secret.slice(0, 4)}… (${secret.length} characters)`;
      leaks.push(leakOf(name as SecretRuleName, secret, { line: lineAt(text, start), shown }));
    }
  }
  return leaks;
}

function leakOf(rule: Leak['rule'], secret: string, where: Pick<Leak, 'line' | 'shown'>): Leak {
  const fingerprint = createHash('sha256').update(`${rule}\0${secret}`).digest('hex').slice(0, 32);
  return { rule, fingerprint, ...where };
}

function lineAt(text: string, place: number): number {
  return text.slice(0, place).split('\n').length;
}

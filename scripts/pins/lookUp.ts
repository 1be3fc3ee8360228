import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { Pin } from './pins';

const run = promisify(execFile);
const timeoutMs = 20_000;
/** A tag of several platforms is a list; its digest is the one that every platform finds its own image by. */
const manifestTypes = [
  'application/vnd.oci.image.index.v1+json',
  'application/vnd.docker.distribution.manifest.list.v2+json',
  'application/vnd.oci.image.manifest.v1+json',
  'application/vnd.docker.distribution.manifest.v2+json',
].join(', ');

/** Where to ask instead of the places that the names mean: mirrors. */
export interface Mirrors {
  /** Base URL of a registry for all images. */
  readonly registry?: string;
  /** What stands before owner/repository, instead of https://github.com. */
  readonly git?: string;
}

/** What a tag is right now: a digest, or a commit. Throws where the answer is none. */
export async function lookUp(pin: Pin, mirrors: Mirrors): Promise<string> {
  return pin.kind === 'image' ? digestOf(pin, mirrors.registry) : commitOf(pin, mirrors.git ?? 'https://github.com');
}

/** Asks the registry as an engine does: https://distribution.github.io/distribution/spec/api/ */
async function digestOf({ name, tag }: Pin, mirror: string | undefined): Promise<string> {
  const { registry, repository } = placeOf(name);
  const url = `${mirror ?? `https://${registry}`}/v2/${repository}/manifests/${tag}`;
  const ask = (authorization?: string): Promise<Response> =>
    fetch(url, {
      method: 'HEAD',
      headers: { accept: manifestTypes, ...(authorization === undefined ? {} : { authorization }) },
      signal: AbortSignal.timeout(timeoutMs),
    });
  let answer = await ask();
  if (answer.status === 401) answer = await ask(await anonymousToken(answer.headers.get('www-authenticate') ?? ''));
  const digest = answer.headers.get('docker-content-digest') ?? '';
  if (!answer.ok || !/^sha256:[0-9a-f]{64}$/.test(digest))
    throw new Error(`${url} answers ${answer.status} without a digest`);
  return digest;
}

/** Registries let anybody read public images, but want a token for it. */
async function anonymousToken(challenge: string): Promise<string> {
  const word = (name: string): string | undefined => new RegExp(`${name}="([^"]*)"`).exec(challenge)?.[1];
  const [realm, service, scope] = [word('realm'), word('service'), word('scope')];
  if (realm === undefined) throw new Error('the registry wants a sign-in of another kind');
  const url = new URL(realm);
  if (service !== undefined) url.searchParams.set('service', service);
  if (scope !== undefined) url.searchParams.set('scope', scope);
  const answer = await fetch(url, { signal: AbortSignal.timeout(timeoutMs) });
  const body = (await answer.json()) as { readonly token?: string; readonly access_token?: string };
  return `Bearer ${body.token ?? body.access_token ?? ''}`;
}

/** A name without a registry is Docker Hub's; one without an owner is of its library. */
function placeOf(name: string): { readonly registry: string; readonly repository: string } {
  const [first = '', ...rest] = name.split('/');
  if (rest.length > 0 && /[.:]/.test(first)) return { registry: first, repository: rest.join('/') };
  return { registry: 'registry-1.docker.io', repository: rest.length > 0 ? name : `library/${name}` };
}

async function commitOf({ name, tag }: Pin, base: string): Promise<string> {
  const ref = `refs/tags/${tag}`;
  const { stdout } = await run('git', ['ls-remote', `${base}/${name}`, ref, `${ref}^{}`], {
    timeout: timeoutMs,
    env: { ...process.env, GIT_TERMINAL_PROMPT: '0' },
  });
  const commits = new Map(
    stdout.split('\n').flatMap((line) => {
      const [commit = '', found = ''] = line.split('\t');
      return found === '' ? [] : [[found, commit] as const];
    }),
  );
  // An annotated tag is an object of its own; what it is of comes with ^{}.
  const commit = commits.get(`${ref}^{}`) ?? commits.get(ref);
  if (commit === undefined || !/^[0-9a-f]{40}$/.test(commit)) throw new Error(`${base}/${name} has no tag ${tag}`);
  return commit;
}

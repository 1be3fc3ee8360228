import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { findProjectDir } from '../../src/config/processConfig';
import { noCommit } from '../../scripts/pins/pinnedFiles';
import { NodeProcess } from '../kit/nodeProcess';
import { makeTemporaryDir } from '../kit/temporaryDir';

const digest = `sha256:${'ab'.repeat(32)}`;
const images = [
  { kind: 'image', name: 'node', tag: '24-slim', pin: 'unresolved', seen: null },
  { kind: 'image', name: 'gcr.io/one/two', tag: 'small', pin: 'unresolved', seen: null },
];
const dockerfile = `FROM node:24-slim@sha256:unresolved AS build\nFROM gcr.io/one/two:small@sha256:unresolved\n`;

let dir: string;
let remove: () => void;
let registry: Server;
let asked: string[];

beforeEach(async () => {
  ({ dir, remove } = makeTemporaryDir());
  asked = [];
  registry = createServer((request, response) => {
    const url = new URL(request.url ?? '/', 'http://registry');
    asked.push(`${request.method ?? ''} ${url.pathname}`);
    const { port } = registry.address() as AddressInfo;
    if (url.pathname === '/token') {
      response.end(JSON.stringify({ token: `for ${url.searchParams.get('scope') ?? ''}` }));
    } else if (request.headers.authorization !== 'Bearer for pull') {
      const challenge = `Bearer realm="http://127.0.0.1:${port}/token",service="stand-in",scope="pull"`;
      response.writeHead(401, { 'www-authenticate': challenge }).end();
    } else if (url.pathname === '/v2/one/two/manifests/small') response.writeHead(404).end();
    else response.writeHead(200, { 'docker-content-digest': digest }).end();
  }).listen(0, '127.0.0.1');
  await once(registry, 'listening');
});

afterEach(async () => {
  registry.close();
  await once(registry, 'close');
  remove();
});

function write(file: string, text: string): void {
  mkdirSync(path.dirname(path.join(dir, file)), { recursive: true });
  writeFileSync(path.join(dir, file), text);
}

function read(file: string): string {
  return readFileSync(path.join(dir, file), 'utf8');
}

function writePins(pins: readonly object[]): void {
  write('security/pins.json', JSON.stringify(pins));
}

async function pin(...args: readonly string[]): Promise<{ status: number | null; stdout: string; stderr: string }> {
  const command = ['--require', '@swc-node/register', 'scripts/pin.ts', '--project', dir, ...args];
  const child = new NodeProcess(command);
  const status = await child.ended;
  return { status, stdout: child.stdout, stderr: child.stderr };
}

/** A stand-in for a registry, on loopback: it speaks as much of the protocol as a look-up needs. */
function standIn(): readonly string[] {
  return ['--registry', `http://127.0.0.1:${(registry.address() as AddressInfo).port}`];
}

it('writes the digest that a registry tells where an image is used, and leaves what it does not know unresolved', async () => {
  writePins(images);
  write('docker/Dockerfile', dockerfile);
  const { status, stdout } = await pin(...standIn());
  expect(read('docker/Dockerfile')).toBe(
    `FROM node:24-slim@${digest} AS build\nFROM gcr.io/one/two:small@sha256:unresolved\n`,
  );
  expect(JSON.parse(read('security/pins.json'))).toEqual([
    { ...images[0], pin: digest, seen: expect.stringMatching(/^\d{4}-\d\d-\d\d$/) as string },
    images[1],
  ]);
  expect(asked).toContain('HEAD /v2/library/node/manifests/24-slim');
  expect(stdout).toContain('gcr.io/one/two:small is unresolved');
  expect(status).toBe(1);
});

it('keeps what it knew where nobody answers', async () => {
  const known = { ...images[0], pin: digest, seen: '2026-01-01' };
  writePins([known]);
  write('docker/compose.yaml', `services:\n  a:\n    image: node:24-slim@${digest}\n`);
  const { status, stdout } = await pin('--registry', 'http://127.0.0.1:1');
  expect(JSON.parse(read('security/pins.json'))).toEqual([known]);
  expect(stdout).toContain('not looked up: node:24-slim');
  expect(status).toBe(0);
});

it('finds the commit of an action by its tag, also of a tag that is an object of its own', async () => {
  const repository = path.join(dir, 'mirror/some/action');
  mkdirSync(repository, { recursive: true });
  const git = (...args: readonly string[]): string =>
    execFileSync('git', ['-c', 'user.name=A', '-c', 'user.email=a@example.org', ...args], { cwd: repository })
      .toString()
      .trim();
  git('init', '-q');
  git('commit', '-q', '--allow-empty', '-m', 'First');
  git('tag', '-a', 'v1.2.3', '-m', 'Release');
  const commit = git('rev-parse', 'HEAD');
  writePins([{ kind: 'action', name: 'some/action', tag: 'v1.2.3', pin: 'unresolved', seen: null }]);
  write('.github/workflows/a.yml', `      - uses: some/action/sub@${noCommit} # v1.2.3 unresolved\n`);
  const { status } = await pin('--git', path.join(dir, 'mirror'));
  expect(read('.github/workflows/a.yml')).toBe(`      - uses: some/action/sub@${commit} # v1.2.3\n`);
  expect(status).toBe(0);
});

describe('the gate', () => {
  const pinned = [{ ...images[0], pin: digest, seen: '2026-01-01' }];
  const cases: Readonly<Record<string, readonly [readonly object[], string, string]>> = {
    'what is unresolved': [images.slice(0, 1), 'FROM node:24-slim@sha256:unresolved', 'is unresolved'],
    'an image by its tag alone': [pinned, 'FROM node:24-slim', 'whatever its tag is'],
    'another digest than was looked up': [pinned, `FROM node:24-slim@sha256:${'cd'.repeat(32)}`, 'run "npm run pin"'],
    'an image that nobody listed': [pinned, `FROM node:24-slim@${digest}\nFROM nginx:1@${digest}`, 'does not name'],
    'what is used nowhere': [pinned, 'FROM scratch', 'is used nowhere'],
  };

  it.each(Object.entries(cases))('refuses %s', async (_, [pins, text, problem]) => {
    writePins(pins);
    write('docker/Dockerfile', `${text}\n`);
    const { status, stdout } = await pin('--check');
    expect(stdout).toContain(problem);
    expect(status).toBe(1);
  });

  it('lets pass what is all pinned and asks nobody', async () => {
    writePins(pinned);
    write('docker/Dockerfile', `FROM node:24-slim@${digest}\n`);
    expect((await pin('--check', ...standIn())).status).toBe(0);
    expect(asked).toEqual([]);
  });

  it('refuses an invented digest: one that is not of its form', async () => {
    writePins([{ ...images[0], pin: 'sha256:abc', seen: '2026-01-01' }]);
    write('docker/Dockerfile', 'FROM node:24-slim@sha256:abc\n');
    expect(await pin('--check')).toMatchObject({ status: 1, stderr: expect.stringContaining('pin') as string });
  });
});

it('names every image and action that this project uses, and nothing else', () => {
  const { stdout } = runCheckHere();
  expect(stdout.split('\n').filter((line) => line !== '' && !/unresolved/.test(line))).toEqual([]);
});

function runCheckHere(): { readonly stdout: string } {
  try {
    return { stdout: execFileSync(process.execPath, checkArgs, { cwd: findProjectDir(), encoding: 'utf8' }) };
  } catch (error) {
    return error as { readonly stdout: string };
  }
}

const checkArgs = ['--require', '@swc-node/register', 'scripts/pin.ts', '--check'];

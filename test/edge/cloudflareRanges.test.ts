import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { rangesOf, renderCloudflare, runRanges } from '../../scripts/edge/cloudflareRanges';
import { findProjectDir } from '../../src/config/processConfig';
import { makeTemporaryDir } from '../kit/temporaryDir';

const committed = readFileSync(path.join(findProjectDir(), 'nginx/clients/cloudflare.conf'), 'utf8');
const ofBoth = ['198.51.100.0/24', '203.0.113.0/24', '2001:db8::/32'];

/** What the two addresses of Cloudflare give, by their paths; another answer is a page of some proxy on the way. */
const pages: Readonly<Record<string, string>> = {
  '/ips-v4': '198.51.100.0/24\n203.0.113.0/24',
  '/ips-v6': '2001:db8::/32\n',
  '/blocked': '<html>Access denied</html>',
  '/everybody': '0.0.0.0/0',
  '/everybody6': '::/0',
  '/empty': '\n',
};

let folder: ReturnType<typeof makeTemporaryDir>;
let source: Server;
let url: (page: string) => string;

beforeAll(async () => {
  folder = makeTemporaryDir();
  source = createServer((request, answer) => {
    const page = pages[request.url ?? ''];
    answer.writeHead(page === undefined ? 503 : 200).end(page);
  }).listen(0, '127.0.0.1');
  await once(source, 'listening');
  const { port } = source.address() as AddressInfo;
  url = (page) => `http://127.0.0.1:${port}${page}`;
});

afterAll(() => {
  source.close();
  folder.remove();
});

/** A file with these ranges, what a run says of it, and what it holds afterwards. */
async function run(
  before: readonly string[],
  wish: { readonly sources?: readonly string[]; readonly isCheck: boolean },
): Promise<{ status: number; said: string; isTouched: boolean; text: string }> {
  const file = path.join(folder.dir, 'cloudflare.conf');
  const written = renderCloudflare({ origin: 'test', ranges: before });
  writeFileSync(file, written);
  const sources = wish.sources ?? [url('/ips-v4'), url('/ips-v6')];
  const { status, said } = await runRanges({ sources, file, isCheck: wish.isCheck });
  const text = readFileSync(file, 'utf8');
  return { status, said, isTouched: text !== written, text };
}

it('is made of what both addresses give, says when and from where, and is read back whole', async () => {
  const { status, said, text } = await run(['198.51.100.0/24', '192.0.2.0/24'], { isCheck: false });
  expect([status, said.split('\n')]).toEqual([
    0,
    ['+ 203.0.113.0/24', '+ 2001:db8::/32', '- 192.0.2.0/24', '3 ranges, 3 differences.'],
  ]);
  expect(rangesOf(text)).toEqual(ofBoth);
  expect(text).toMatch(
    new RegExp(`fetched on \\d{4}-\\d\\d-\\d\\d from ${url('/ips-v4')} and ${url('/ips-v6')}\\.$`, 'm'),
  );
});

describe('a check', () => {
  it('passes where the file has these ranges, in whatever order', async () => {
    expect(await run([...ofBoth].reverse(), { isCheck: true })).toMatchObject({
      status: 0,
      said: '3 ranges, 0 differences.',
      isTouched: false,
    });
  });

  it('fails where one has come and another gone, names both, and leaves the file to a person', async () => {
    const { status, said, isTouched } = await run(['192.0.2.0/24', ...ofBoth.slice(1)], { isCheck: true });
    expect([status, isTouched]).toEqual([1, false]);
    expect(said.split('\n').slice(0, 3)).toEqual(['+ 198.51.100.0/24', '- 192.0.2.0/24', '3 ranges, 2 differences.']);
    expect(said).toContain('npm run cloudflare:ranges');
  });
});

describe.each([
  ['a check', true],
  ['a file that is to be written', false],
])('%s', (_, isCheck) => {
  it.each(['/blocked', '/everybody', '/everybody6', '/empty', '/gone'])('is not made of %s', async (page) => {
    const sources = [url('/ips-v4'), url(page)];
    const { status, said, isTouched } = await run(ofBoth, { sources, isCheck });
    expect([status, isTouched]).toEqual([69, false]);
    expect(said).toMatch(/^The ranges could not be had: .{10}/);
  });

  it('is not made where nobody answers', async () => {
    const sources = ['http://127.0.0.1:9/ips-v4', url('/ips-v6')];
    expect(await run(ofBoth, { sources, isCheck })).toMatchObject({ status: 69, isTouched: false });
  });
});

it('is committed as it is rendered, and says where it is from', () => {
  const ranges = rangesOf(committed);
  const [, origin = ''] = /^# Made by [^;]+; (.+)\.$/m.exec(committed) ?? [];
  expect(origin).toContain('https://www.cloudflare.com/ips-v4');
  expect(renderCloudflare({ origin, ranges })).toBe(committed);
});

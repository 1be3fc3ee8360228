import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { differencesOf, fetchRanges, rangesOf, renderCloudflare } from '../../scripts/edge/cloudflareRanges';
import { findProjectDir } from '../../src/config/processConfig';

const committed = readFileSync(path.join(findProjectDir(), 'nginx/clients/cloudflare.conf'), 'utf8');

/** What the two addresses of Cloudflare give, by their paths; another answer is a page of some proxy on the way. */
const pages: Readonly<Record<string, string>> = {
  '/ips-v4': '198.51.100.0/24\n203.0.113.0/24',
  '/ips-v6': '2001:db8::/32\n',
  '/blocked': '<html>Access denied</html>',
  '/everybody': '0.0.0.0/0',
  '/empty': '\n',
};

let source: Server;
let url: (page: string) => string;

beforeAll(async () => {
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
});

it('is made of what both addresses give, and read back whole', async () => {
  const ranges = await fetchRanges([url('/ips-v4'), url('/ips-v6')]);
  expect(ranges).toEqual(['198.51.100.0/24', '203.0.113.0/24', '2001:db8::/32']);
  expect(rangesOf(renderCloudflare({ origin: 'test', ranges }))).toEqual(ranges);
});

it.each(['/blocked', '/everybody', '/empty', '/gone'])('is not made of %s', async (page) => {
  await expect(fetchRanges([url('/ips-v4'), url(page)])).rejects.toThrow();
});

it('tells what has come and gone', () => {
  expect(differencesOf(['1.2.3.0/24', '5.6.7.0/24'], ['1.2.3.0/24', '2001:db8::/32'])).toEqual([
    '+ 5.6.7.0/24',
    '- 2001:db8::/32',
  ]);
});

it('is committed as it is rendered, and says where it is from', () => {
  const ranges = rangesOf(committed);
  const [, origin = ''] = /^# Made by [^;]+; (.+)\.$/m.exec(committed) ?? [];
  expect(origin).toContain('https://www.cloudflare.com/ips-v4');
  expect(renderCloudflare({ origin, ranges })).toBe(committed);
});

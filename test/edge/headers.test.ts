import { readFileSync } from 'node:fs';
import path from 'node:path';
import { parse } from 'yaml';
import { RunningNginx } from '../../scripts/edge/runningNginx';
import { findProjectDir } from '../../src/config/processConfig';
import { ask, codeOf, countOf, graphql } from '../kit/edge/edgeRequest';
import { sendRaw } from '../kit/edge/rawRequest';
import { RecordingNode } from '../kit/edge/recordingNode';
import { describeWith } from '../kit/needs';

/** A header, and the setting of the server that says the same of its own answers. */
const settings = {
  'content-security-policy': 'CONTENT_SECURITY_POLICY',
  'x-frame-options': 'X_FRAME_OPTIONS',
  'x-xss-protection': 'X_XSS_PROTECTION',
  'strict-transport-security': 'STRICT_TRANSPORT_SECURITY',
  'referrer-policy': 'REFERRER_POLICY',
} as const;
const everywhere = [
  ...Object.keys(settings),
  ...['x-content-type-options', 'permissions-policy', 'cross-origin-opener-policy', 'cross-origin-resource-policy'],
  'cache-control',
];

describeWith('nginx', 'headers of the edge', () => {
  let node: RecordingNode;
  let nginx: RunningNginx;

  beforeAll(async () => {
    node = await RecordingNode.start();
    nginx = await RunningNginx.start({ nodes: [node.address] });
  });
  afterAll(async () => {
    await nginx.stop();
    await node.stop();
  });

  it.each([
    ['a line that is none', 'FOO\r\n\r\n', 400],
    ['a path with a zero byte', 'GET /%00 HTTP/1.1\r\nHost: localhost\r\n\r\n', 400],
    ['no name', 'GET / HTTP/1.1\r\n\r\n', 400],
    ['another name', 'GET / HTTP/1.1\r\nHost: other.example\r\nConnection: close\r\n\r\n', 421],
    [
      'another name, and broken besides',
      'POST / HTTP/1.1\r\nHost: other.example\r\nTransfer-Encoding: gzip\r\n\r\n',
      501,
    ],
    ['an encoding that nobody knows', 'POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: gzip\r\n\r\n', 501],
    ['another HTTP', 'GET / HTTP/9.0\r\nHost: localhost\r\n\r\n', 505],
  ])('stand, each once, on the refusal of %s, which is a GraphQL error', async (_, text, status) => {
    const answer = await sendRaw({ port: nginx.ports.https, text });
    expect([answer.status, codeOf(answer)]).toEqual([status, status === 421 ? 'NOT_FOUND' : 'BAD_REQUEST']);
    expect(everywhere.filter((name) => countOf(answer, name) !== 1)).toEqual([]);
    expect(node.requests).toEqual([]);
  });

  it('are those that production gives without nginx: whoever changes one changes the other', async () => {
    const file = path.join(findProjectDir(), 'config.production.yaml');
    const production = parse(readFileSync(file, 'utf8')) as Record<string, unknown>;
    const { headers } = await ask(nginx.httpsUrl, graphql('{ serverTime }'));
    for (const [name, setting] of Object.entries(settings)) {
      expect([setting, headers[name]]).toEqual([setting, String(production[setting])]);
    }
  });
});

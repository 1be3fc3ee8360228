import { RunningNginx, type EdgeVariables } from '../../scripts/edge/runningNginx';
import { makeClientCertificate, type ClientCertificate } from '../kit/edge/clientCertificate';
import { ask, codeOf, countOf, graphql, multiplexed, tally } from '../kit/edge/edgeRequest';
import { openSocket } from '../kit/edge/edgeSocket';
import { describeWith } from '../kit/needs';
import { makeTemporaryDir } from '../kit/temporaryDir';
import { TestServer } from '../kit/testServer';

const question = graphql('{ serverTime }');

describeWith('nginx', 'authenticated origin pulls', () => {
  let folder: ReturnType<typeof makeTemporaryDir>;
  let server: TestServer;
  let nginx: RunningNginx;
  let cloudflare: ClientCertificate;
  let stranger: ClientCertificate;

  beforeAll(async () => {
    folder = makeTemporaryDir();
    cloudflare = makeClientCertificate(folder.dir, 'cloudflare');
    stranger = makeClientCertificate(folder.dir, 'stranger');
    server = await TestServer.start({ trustedProxies: ['127.0.0.1'] });
  });
  afterAll(async () => {
    await server.stop();
    folder.remove();
  });

  function start(variables: EdgeVariables): Promise<RunningNginx> {
    return RunningNginx.start({ nodes: [`127.0.0.1:${server.running.port}`], variables });
  }

  describe('switched on', () => {
    beforeAll(async () => {
      nginx = await start({ AUTHENTICATED_ORIGIN_PULLS: 'on', ORIGIN_PULL_CA: cloudflare.authority });
    });
    afterAll(() => nginx.stop());

    it('let in whoever has a certificate of that authority', async () => {
      const answer = await ask(nginx.httpsUrl, { ...question, certificate: cloudflare });
      expect([answer.status, answer.text]).toEqual([200, expect.stringContaining('serverTime')]);
    });

    it.each([
      ['none', () => ({})],
      ['one of another authority', () => ({ certificate: stranger })],
    ])('refuse whoever has %s', async (_, shown) => {
      const answer = await ask(nginx.httpsUrl, { ...question, ...shown() });
      expect([answer.status, codeOf(answer)]).toEqual([403, 'FORBIDDEN']);
      expect(countOf(answer, 'strict-transport-security')).toBe(1);
      // No node has been asked.
      expect(answer.headers['x-request-id']).toBeUndefined();
    });

    it('refuse WebSockets and HTTP/2 without one as well', async () => {
      expect((await openSocket(nginx.httpsUrl)).status).toBe(403);
      expect(tally(await multiplexed(nginx.httpsUrl, 3))).toEqual({ 403: 3 });
    });
  });

  it('let everybody in where they are off, which they are where nobody says otherwise', async () => {
    nginx = await start({ ORIGIN_PULL_CA: '/not/there.pem' });
    expect((await ask(nginx.httpsUrl, question)).status).toBe(200);
    await nginx.stop();
  });

  it('do not begin without the authority that they are held against', async () => {
    await expect(start({ AUTHENTICATED_ORIGIN_PULLS: 'on', ORIGIN_PULL_CA: '/not/there.pem' })).rejects.toThrow(
      '/not/there.pem',
    );
  });
});

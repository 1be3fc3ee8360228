import { renderCloudflare } from '../../scripts/edge/cloudflareRanges';
import { RunningNginx } from '../../scripts/edge/runningNginx';
import { ask, graphql } from '../kit/edge/edgeRequest';
import { describeWith } from '../kit/needs';

describeWith('nginx', 'the ranges of Cloudflare', () => {
  const start = async (origin: string): Promise<RunningNginx> =>
    RunningNginx.start({
      nodes: ['127.0.0.1:1'],
      variables: { CLIENTS: 'cloudflare' },
      edit: (file, text) =>
        file === 'clients/cloudflare.conf' ? renderCloudflare({ origin, ranges: ['198.51.100.0/24'] }) : text,
    });

  it('keep nginx from starting while nobody has fetched them, and it says what to do', async () => {
    await expect(start('as others repeated them')).rejects.toThrow(
      /not fetched from Cloudflare: npm run cloudflare:ranges/,
    );
  });

  it('let nobody else in', async () => {
    const nginx = await start('fetched on 2026-11-23 from a test');
    try {
      expect((await ask(nginx.httpsUrl, graphql('{ serverTime }'))).status).toBe(403);
    } finally {
      await nginx.stop();
    }
  });
});

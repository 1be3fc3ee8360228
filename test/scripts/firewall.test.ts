import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { renderCloudflare } from '../../scripts/edge/cloudflareRanges';
import { describeProbe, openThrough, probes } from '../../scripts/firewall/expectations';
import {
  addresses,
  admitScript,
  fillScript,
  FirewalledHost,
  publishedByMistake,
  type Probe,
} from '../../scripts/firewall/firewalledHost';
import { findProjectDir } from '../../src/config/processConfig';
import { describeWith } from '../kit/needs';
import { makeTemporaryDir } from '../kit/temporaryDir';

const rules = path.join(findProjectDir(), 'docker/nftables.conf');
const published: Probe = { by: 'outside', what: 'what a container publishes', to: addresses.published, port: 443 };

describeWith('nft', 'the firewall', () => {
  describeWith('root', 'between network namespaces', () => {
    let host: FirewalledHost;
    let dir: string;
    let remove: () => void;

    beforeEach(async () => {
      ({ dir, remove } = makeTemporaryDir());
      host = await FirewalledHost.make(dir);
    });

    afterEach(async () => {
      await host.close();
      remove();
    });

    async function reached(): Promise<readonly string[]> {
      const open = await host.probe(probes);
      return probes.filter((_, index) => open[index]).map(describeProbe);
    }

    /** docker/nftables.conf with something in it changed. */
    function changed(from: string, to: string): string {
      const text = readFileSync(rules, 'utf8');
      const file = path.join(dir, 'changed.conf');
      expect(text).toContain(from);
      writeFileSync(file, text.replace(from, to));
      return file;
    }

    it('opens what is listed, in and out, and nothing else that was open before it', async () => {
      expect(await host.probe(probes)).toEqual(probes.map(() => true));
      await host.load('nftables');
      expect(await reached()).toEqual(openThrough('nftables', 'everybody').map(describeProbe));
    });

    it('lets Cloudflare come to nginx, and nobody else, where clients come through it', async () => {
      await host.load('nftables', { clients: 'cloudflare' });
      expect(await reached()).toEqual(openThrough('nftables', 'cloudflare').map(describeProbe));
    });

    it('makes no rules of ranges that nobody has fetched', async () => {
      const hearsay = path.join(dir, 'hearsay.conf');
      writeFileSync(hearsay, renderCloudflare({ origin: 'as others say', ranges: ['192.0.2.64/28'] }));
      for (const option of ['', '--ranges']) {
        await expect(host.onHost(`'${admitScript}' ${option} '${hearsay}'`)).rejects.toMatchObject({
          code: 65,
          stdout: '',
          stderr: expect.stringContaining('npm run cloudflare:ranges') as string,
        });
      }
    });

    it('replaces itself alone: what Docker made stays, what was filled is filled again', async () => {
      await host.load('nftables');
      await host.load('nftables');
      expect(await host.onHost('nft list tables')).toBe('table ip docker_nat\ntable inet tickgate\n');
      expect(await host.probe([published])).toEqual([true]);
      expect(await host.onHost('nft list set inet tickgate https4')).toContain(addresses.exchange);
    });

    it('would open a port that is published by mistake, were all let through that Docker rewrites', async () => {
      await host.load('nftables', { rules: changed(' ct original proto-dst { 80, 443 } accept', ' accept') });
      expect(await host.probe([{ ...published, port: publishedByMistake }])).toEqual([true]);
    });

    describeWith('ufw', 'as ufw makes it', () => {
      // With Cloudflare alone let in, `npm run check:firewall -- --ufw` tries it: ufw takes its rules one by one.
      it('opens the same, and beyond that only what goes out by the same ports', async () => {
        await host.load('ufw');
        expect(await reached()).toEqual(openThrough('ufw', 'everybody').map(describeProbe));
      });
    });

    it('refuses a line of the list that is neither a name nor an address, and runs nothing of it', async () => {
      await host.load('nftables');
      const list = path.join(dir, 'bad.txt');
      writeFileSync(list, 'https a}; flush ruleset; #\n');
      await expect(host.onHost(`'${fillScript}' '${list}'`)).rejects.toMatchObject({ code: 65 });
      expect(await host.onHost('nft list set inet tickgate https4')).toContain(addresses.exchange);
    });

    it('keeps what it knows of a name that has no address just now, and says so', async () => {
      await host.load('nftables');
      const list = path.join(dir, 'gone.txt');
      writeFileSync(list, `https gone.invalid\nhttps ${addresses.elsewhere}\n`);
      await expect(host.onHost(`'${fillScript}' '${list}'`)).rejects.toMatchObject({
        code: 1,
        stderr: expect.stringContaining('gone.invalid has no address') as string,
      });
      const set = await host.onHost('nft list set inet tickgate https4');
      expect(set).toContain(addresses.exchange);
      expect(set).toContain(addresses.elsewhere);
    });
  });
});

import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describeProbe, expectations } from '../../scripts/firewall/expectations';
import { addresses, FirewalledHost, publishedByMistake, type Probe } from '../../scripts/firewall/firewalledHost';
import { findProjectDir } from '../../src/config/processConfig';
import { describeWith } from '../kit/needs';
import { makeTemporaryDir } from '../kit/temporaryDir';

const docker = path.join(findProjectDir(), 'docker');
const rules = path.join(docker, 'nftables.conf');
const fill = path.join(docker, 'fillEgress.sh');

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

    /** docker/nftables.conf with something in it changed. */
    function changed(from: string, to: string): string {
      const text = readFileSync(rules, 'utf8');
      const file = path.join(dir, 'changed.conf');
      expect(text).toContain(from);
      writeFileSync(file, text.replace(from, to));
      return file;
    }

    it('opens what is listed, in and out, and nothing else that was open before it', async () => {
      const probes = expectations.map(({ probe }) => probe);
      expect(await host.probe(probes)).toEqual(probes.map(() => true));
      await host.load(rules, fill);
      const open = await host.probe(probes);
      expect(probes.filter((_, index) => open[index]).map(describeProbe)).toEqual(
        expectations.filter(({ isOpen }) => isOpen).map(({ probe }) => describeProbe(probe)),
      );
    });

    it('replaces itself alone: what Docker made stays, what was filled is filled again', async () => {
      await host.load(rules, fill);
      await host.load(rules, fill);
      expect(await host.onHost('nft list tables')).toBe('table ip docker_nat\ntable inet tickgate\n');
      const published: Probe = { by: 'outside', what: 'nginx', to: addresses.published, port: 443 };
      expect(await host.probe([published])).toEqual([true]);
      expect(await host.onHost('nft list set inet tickgate https4')).toContain(addresses.exchange);
    });

    it('would not keep a port closed that is published by mistake, were all that Docker rewrites let through', async () => {
      await host.load(changed(' ct original proto-dst { 80, 443 } accept', ' accept'), fill);
      const mistake: Probe = { by: 'outside', what: 'a database', to: addresses.published, port: publishedByMistake };
      expect(await host.probe([mistake])).toEqual([true]);
    });

    it('refuses a line of the list that is neither a name nor an address, and runs nothing of it', async () => {
      await host.load(rules, fill);
      const list = path.join(dir, 'bad.txt');
      writeFileSync(list, 'https a}; flush ruleset; #\n');
      await expect(host.onHost(`'${fill}' '${list}'`)).rejects.toMatchObject({ code: 65 });
      expect(await host.onHost('nft list set inet tickgate https4')).toContain(addresses.exchange);
    });

    it('keeps what it knows of a name that has no address just now, and says so', async () => {
      await host.load(rules, fill);
      const list = path.join(dir, 'gone.txt');
      writeFileSync(list, `https gone.invalid\nhttps ${addresses.elsewhere}\n`);
      await expect(host.onHost(`'${fill}' '${list}'`)).rejects.toMatchObject({
        code: 1,
        stderr: expect.stringContaining('gone.invalid has no address') as string,
      });
      const set = await host.onHost('nft list set inet tickgate https4');
      expect(set).toContain(addresses.exchange);
      expect(set).toContain(addresses.elsewhere);
    });
  });
});

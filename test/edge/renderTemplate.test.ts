import { readFileSync } from 'node:fs';
import path from 'node:path';
import { renderTemplate } from '../../scripts/edge/renderTemplate';
import { findProjectDir } from '../../src/config/processConfig';

const read = (file: string): string => readFileSync(path.join(findProjectDir(), file), 'utf8');
const namesIn = (text: string): readonly string[] => [
  ...new Set([...text.matchAll(/\$\{([A-Z][A-Z0-9_]*)\}/g)].map(([, name = '']) => name)),
];

it('replaces what has a value and leaves the variables of nginx alone', () => {
  const rendered = renderTemplate('listen ${PORT}; return 200 "$uri ${retry_after_s}";', { PORT: '80' });
  expect(rendered).toBe('listen 80; return 200 "$uri ${retry_after_s}";');
});

it('names what is missing rather than hand it to nginx', () => {
  expect(() => renderTemplate('${PORT} ${HOST}', { PORT: '80' })).toThrow('HOST');
});

it.each(['docker/compose.yaml', 'docker/kubernetes/nginx.yaml'])(
  'is given a curve in %s that no computer to come breaks, before the others',
  (place) => {
    expect(read(place)).toMatch(/TLS_CURVES.*[-']X25519MLKEM768:X25519:prime256v1:secp384r1/);
  },
);

it('is given other curves in Compose where somebody wants them', () => {
  expect(read('docker/compose.yaml')).toMatch(/TLS_CURVES: \$\{TLS_CURVES:-/);
});

it('has every variable of the template explained', () => {
  const names = namesIn(read('nginx/templates/tickgate.conf.template'));
  expect(names.length).toBeGreaterThan(10);
  const document = read('docs/EDGE.md');
  expect(names.filter((name) => !document.includes(`\`${name}\``))).toEqual([]);
});

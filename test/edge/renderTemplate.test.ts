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

it('has every variable of the template explained', () => {
  const names = namesIn(read('nginx/templates/tickgate.conf.template'));
  expect(names.length).toBeGreaterThan(10);
  const document = read('docs/EDGE.md');
  expect(names.filter((name) => !document.includes(`\`${name}\``))).toEqual([]);
});

import { readFileSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { heading, toMarkdown } from './markdown';
import { toPlot } from './plot';
import type { RunReport } from './runReport';

const bench = resolve(__dirname, '../..');

/** Puts a run where readers of the repository find it: its section of RESULTS.md, every number, the plot. */
export function writeResults(report: RunReport): void {
  const file = resolve(bench, 'RESULTS.md');
  writeFileSync(file, replaceSection(readFileSync(file, 'utf8'), toMarkdown(report)));
  writeFileSync(resolve(bench, '../docs/streams.svg'), toPlot(report));
  writeFileSync(resolve(bench, 'streams.json'), `${JSON.stringify(report, null, 2)}\n`);
}

function replaceSection(text: string, section: string): string {
  const start = text.indexOf(heading);
  if (start === -1) return `${text.trimEnd()}\n\n${section}`;
  const next = text.indexOf('\n## ', start + heading.length);
  return `${text.slice(0, start)}${section}${next === -1 ? '' : text.slice(next)}`;
}

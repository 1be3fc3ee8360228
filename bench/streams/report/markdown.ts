import { cpus } from 'node:os';
import { serverNames } from '../server/serverKind';
import type { Comparison, Figure } from '../rows/row';
import { quartilesText, toText } from './numbers';
import type { RunReport } from './runReport';

export const heading = '## What a delivered message costs';

export function toMarkdown(report: RunReport): string {
  const { results } = report;
  return [
    heading,
    '',
    ...introduction(report),
    '',
    '| row | measured | goal | stretch | median [quartiles] | |',
    '| --- | --- | --- | --- | --- | --- |',
    ...results
      .flatMap(({ figures }) => figures)
      .sort((a, b) => Number(a.row) - Number(b.row))
      .map(figureLine),
    '',
    ...results.flatMap(({ comparisons }) => comparisons).flatMap(comparisonLines),
    ...results.flatMap(({ notes }) => notes).map((note) => `- ${note}`),
    '',
  ].join('\n');
}

function introduction(report: RunReport): readonly string[] {
  const { windowMs, rounds } = report.effort;
  const raised = Object.entries(report.raisedLimits).map(([name, value]) => `${name} ${value}`);
  return [
    `\`${report.command}\`, ${report.date}, ${report.tookS} s; Node ${process.versions.node}, ${cpus()[0]?.model ?? 'unknown CPU'}.`,
    `Server CPU (user and system, the kernel's sending included) per message that reached a reader, to \`ws.send\` of the same JSON in the same round: median and quartiles of up to ${rounds} interleaved rounds of ${windowMs} ms windows.`,
    report.isPinned
      ? 'Each server is a process pinned to core 0, the readers are one process pinned to core 1.'
      : 'Nothing is pinned to a core: this machine has one core, or no `taskset`.',
    `In ${report.disturbedWindows} of ${report.windows} windows other processes took more than a quarter of a core. They are dropped; where fewer than three were left, all are counted and the number is marked (disturbed).`,
    raised.length === 0 ? 'No limit is raised.' : `Limits raised for this: ${raised.join(', ')}.`,
  ];
}

function figureLine({ row, name, unit, goal, stretch, measured }: Figure): string {
  const bound = (value: number | null): string => (value === null ? '–' : `≤ ${toText(value)}`);
  const text = measured === null ? 'not measured' : `${quartilesText(measured)} ${unit}`;
  return `| ${row} | ${name} | ${bound(goal)} | ${bound(stretch)} | ${text} | ${verdict(goal, stretch, measured?.median ?? null)} |`;
}

function verdict(goal: number | null, stretch: number | null, median: number | null): string {
  if (median === null) return '';
  if (stretch !== null && median <= stretch) return 'stretch met';
  if (goal === null) return stretch === null ? '' : 'stretch missed';
  return median <= goal ? 'goal met' : '**goal missed**';
}

function comparisonLines({ load, baseline, unit, servers }: Comparison): readonly string[] {
  return [
    `| ${load} | × ${serverNames[baseline]} | µs a ${unit} |`,
    '| --- | --- | --- |',
    ...servers.map(
      ({ kind, ratio, cpuUsPerMessage }) =>
        `| ${serverNames[kind]} | ${kind === baseline ? '1' : quartilesText(ratio)} | ${toText(cpuUsPerMessage.median)} |`,
    ),
    '',
  ];
}

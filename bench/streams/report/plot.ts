import { isOurs, serverNames } from '../server/serverKind';
import type { Comparison } from '../rows/row';
import { toText } from './numbers';
import type { RunReport } from './runReport';

const width = 860;
const plotLeft = 250;
const plotRight = width - 70;
const barHeight = 14;
const lineHeight = 21;
const groupGap = 34;
const top = 84;

/** Readable on a light page and on a dark one. */
const style = `
  .page { fill: #ffffff } .text { fill: #1f2328 } .quiet { fill: #59636e } .grid { stroke: #d1d9e0 } .one { stroke: #59636e }
  .halo { paint-order: stroke; stroke: #ffffff; stroke-width: 5px }
  .ours { fill: #1a7f37 } .theirs { fill: #8c959f }
  @media (prefers-color-scheme: dark) {
    .page { fill: #0d1117 } .text { fill: #f0f6fc } .quiet { fill: #9198a1 } .grid { stroke: #3d444d } .one { stroke: #9198a1 }
    .halo { stroke: #0d1117 }
    .ours { fill: #3fb950 } .theirs { fill: #656c76 }
  }`;

type Scale = (ratio: number) => number;

/** Logarithmic bars of CPU per delivered message, to both sides of what the raw server needs. */
export function toPlot(report: RunReport): string {
  const groups = report.results
    .flatMap(({ comparisons }) => comparisons)
    .filter(({ baseline, unit }) => baseline === 'raw' && unit === 'message');
  const ratios = groups.flatMap(({ servers }) => servers.map(({ ratio }) => ratio.median));
  const least = Math.floor(Math.log10(Math.min(0.1, ...ratios)));
  const most = Math.ceil(Math.log10(Math.max(10, ...ratios)));
  const scale: Scale = (ratio) => plotLeft + ((Math.log10(ratio) - least) / (most - least)) * (plotRight - plotLeft);
  const bottom = top + groups.reduce((sum, group) => sum + heightOf(group), 0);
  const powers = Array.from({ length: most - least + 1 }, (_, index) => 10 ** (least + index));
  let y = top;
  const drawn = groups.map((group) => {
    const text = drawGroup(group, { y, scale });
    y += heightOf(group);
    return text;
  });
  const height = bottom + 34;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img" aria-label="Server CPU per delivered message, relative to raw ws.send">`,
    `<style>${style}\n</style>`,
    `<rect class="page" width="${width}" height="${height}" rx="8"/>`,
    '<g font-family="system-ui,-apple-system,Segoe UI,Helvetica,Arial,sans-serif" font-size="13">',
    '<text class="text" x="20" y="30" font-size="17" font-weight="600">Server CPU per delivered message, raw ws.send = 1 (logarithmic; less is better)</text>',
    `<text class="quiet" x="20" y="50">${escape(report.command)}, ${report.date}</text>`,
    ...powers.map((power) => drawGridLine(power, { x: scale(power), bottom })),
    ...drawn,
    '</g>',
    '</svg>',
    '',
  ].join('\n');
}

function barsOf({ servers }: Comparison): Comparison['servers'] {
  return servers.filter(({ kind }) => kind !== 'raw');
}

function heightOf(group: Comparison): number {
  return groupGap + barsOf(group).length * lineHeight;
}

function drawGridLine(power: number, { x, bottom }: { readonly x: number; readonly bottom: number }): string {
  const line = `<line class="${power === 1 ? 'one' : 'grid'}" x1="${round(x)}" x2="${round(x)}" y1="${top - 12}" y2="${bottom}"/>`;
  return `${line}<text class="quiet" x="${round(x)}" y="${bottom + 18}" text-anchor="middle">${power === 1 ? 'raw' : String(power)}</text>`;
}

function drawGroup(group: Comparison, { y, scale }: { readonly y: number; readonly scale: Scale }): string {
  const heading = `<text class="text halo" x="20" y="${y + 14}" font-weight="600">${escape(group.load)}</text>`;
  const bars = barsOf(group).map(({ kind, ratio }, index) => {
    const barTop = y + 24 + index * lineHeight;
    const [from, to] = [scale(1), scale(ratio.median)].sort((a, b) => a - b) as [number, number];
    const isLess = ratio.median < 1;
    return [
      `<text class="text" x="${plotLeft - 10}" y="${barTop + 11}" text-anchor="end">${serverNames[kind]}</text>`,
      `<rect class="${isOurs(kind) ? 'ours' : 'theirs'}" x="${round(from)}" y="${barTop}" width="${round(Math.max(1, to - from))}" height="${barHeight}" rx="2"/>`,
      `<text class="text halo" x="${round(isLess ? from - 6 : to + 6)}" y="${barTop + 11}" text-anchor="${isLess ? 'end' : 'start'}">${toText(ratio.median)}</text>`,
    ].join('');
  });
  return [heading, ...bars].join('\n');
}

function round(value: number): string {
  return value.toFixed(1);
}

function escape(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
}

import { z } from 'zod';
import type { Check } from './check';
import { readPolicy } from './policy';

const file = '.github/renovate.json';

const renovate = z.looseObject({
  enabled: z.boolean().default(true),
  ignoreDeps: z.array(z.string()).default([]),
  ignorePaths: z.array(z.string()).default([]),
  extends: z.array(z.string()),
  schedule: z.array(z.string()).default([]),
  minimumReleaseAge: z.string().default(''),
  rangeStrategy: z.string().default(''),
  pinDigests: z.boolean().default(false),
  automerge: z.boolean().default(false),
  vulnerabilityAlerts: z
    .looseObject({
      enabled: z.boolean().default(true),
      schedule: z.array(z.string()).default([]),
      minimumReleaseAge: z.string().nullish(),
    })
    .default({ enabled: false, schedule: [] }),
  packageRules: z
    .array(
      z.looseObject({
        automerge: z.boolean().optional(),
        enabled: z.boolean().default(true),
        matchUpdateTypes: z.array(z.string()).default([]),
      }),
    )
    .default([]),
});

/** That new versions are proposed: every week, not on the day on which they are published, and at once where they mend a known hole. */
export const updates: Check = {
  name: 'updates',
  run: (projectDir) => {
    const settings = readPolicy(projectDir, file, renovate);
    const { vulnerabilityAlerts: alerts } = settings;
    const wanted: Readonly<Record<string, boolean>> = {
      'is switched off': settings.enabled,
      'leaves something out': settings.ignoreDeps.length + settings.ignorePaths.length === 0,
      // A major version is a change of the sources, and waits for a person to plan it.
      'keeps back more than major versions': settings.packageRules.every(
        ({ enabled, matchUpdateTypes }) => enabled || matchUpdateTypes.join() === 'major',
      ),
      'proposes nothing every week': settings.schedule.some((when) => when.includes('on monday')),
      'takes versions younger than 7 days': Number(/^(\d+) days$/.exec(settings.minimumReleaseAge)?.[1] ?? 0) >= 7,
      'asks for ranges': settings.rangeStrategy === 'pin',
      'leaves actions and images at their tags': settings.pinDigests,
      'merges without a person':
        !settings.automerge && !settings.packageRules.some(({ automerge }) => automerge === true),
      'keeps what mends a known hole waiting':
        alerts.enabled && alerts.schedule.includes('at any time') && (alerts.minimumReleaseAge ?? null) === null,
    };
    const broken = Object.entries(wanted).filter(([, isMet]) => !isMet);
    return {
      figures: `${Object.keys(wanted).length} rules for Renovate`,
      findings: broken.map(([sentence]) => ({ place: file, sentence: `${sentence}.` })),
    };
  },
};

import { utimesSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { SecretAges, type AgingSecret } from '../../src/secrets/secretAges';
import { makeTemporaryDir } from '../kit/temporaryDir';

const folder = makeTemporaryDir();
const now = Date.UTC(2026, 5, 1);
const daysAgo = (days: number): number => now - days * 86_400_000;

afterAll(() => {
  folder.remove();
});

function secret(name: string, about: Partial<AgingSecret> = {}): AgingSecret {
  return { name, place: 'manager', file: null, isReplaced: true, ...about };
}

function agesOf(secrets: readonly AgingSecret[], known: Readonly<Record<string, number | null>>, maxAgeDays = 90) {
  return new SecretAges({ secrets, changedAt: new Map(Object.entries(known)), maxAgeDays, clock: () => now });
}

it('tells of each secret since when it has its value, and of the environment that nobody knows', () => {
  const ages = agesOf([secret('A'), secret('B', { place: 'environment' })], { A: daysAgo(10.5) });
  expect(ages.read()).toEqual([
    { name: 'A', place: 'manager', changedAt: '2026-05-21T12:00:00.000Z', ageDays: 10, isOverdue: false },
    { name: 'B', place: 'environment', changedAt: null, ageDays: null, isOverdue: null },
  ]);
  expect(ages.check()).toEqual({
    name: 'age of secrets',
    healthy: true,
    detail: 'A: 10 days, B: unknown',
    facts: ages.read(),
  });
});

it('is unwell by what is older than the limit, until it was replaced', () => {
  const ages = agesOf([secret('A'), secret('B')], { A: daysAgo(90.9), B: daysAgo(91) });
  expect(ages.check()).toMatchObject({
    healthy: false,
    detail: 'replace what is older than 90 days (docs/SECRETS.md): B: 91 days',
  });
  ages.note('B', daysAgo(0));
  expect(ages.check()).toMatchObject({ healthy: true, detail: 'A: 90 days, B: 0 days' });
});

it('takes nothing for too old where no limit is set, nor what is never replaced', () => {
  expect(agesOf([secret('A')], { A: daysAgo(5_000) }, 0).check().healthy).toBe(true);
  const kept = agesOf([secret('AUDIT_KEY', { isReplaced: false })], { AUDIT_KEY: daysAgo(5_000) });
  expect(kept.check()).toMatchObject({ healthy: true, detail: 'AUDIT_KEY: 5000 days' });
  const unknown = [agesOf([secret('A')], {}, 0), agesOf([secret('AUDIT_KEY', { isReplaced: false })], {})];
  expect(unknown.map((ages) => ages.read()[0]?.isOverdue)).toEqual([false, false]);
});

it('asks the file of what is not followed each time, and knows nothing of one that is away', () => {
  const file = path.join(folder.dir, 'token');
  writeFileSync(file, 'x');
  utimesSync(file, daysAgo(3) / 1000, daysAgo(3) / 1000);
  const ages = agesOf([secret('VAULT_TOKEN', { place: 'file', file }), secret('B', { file: `${file}-away` })], {});
  expect(ages.read().map(({ ageDays }) => ageDays)).toEqual([3, null]);
  utimesSync(file, daysAgo(1) / 1000, daysAgo(1) / 1000);
  expect(ages.read()[0]?.ageDays).toBe(1);
});

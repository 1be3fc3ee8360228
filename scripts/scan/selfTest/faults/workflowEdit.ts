import type { Edit } from './plantedFault';

export const workflow = (name: string): string => `.github/workflows/${name}.yml`;

export const inWorkflow = (name: string, from: string | RegExp, to: string): Edit => ({
  file: workflow(name),
  from,
  to,
});

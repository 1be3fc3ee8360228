import { composeRules } from './composeRules';
import { imageRules } from './imageRules';
import { kubernetesRules } from './kubernetesRules';
import { postgresRules } from './postgresRules';
import type { Rule } from './rule';

/** Every rule of `npm run check:containers`, in the order in which they are told. */
export const containerRules: readonly Rule[] = [...imageRules, ...composeRules, ...kubernetesRules, ...postgresRules];

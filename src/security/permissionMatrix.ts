import type { AppError } from '../errors/appError';
import type { ErrorCode } from '../errors/catalogue';
import type { Principal, Scope } from '../identity/principal';
import { decideAccess, scopesOf } from './access';
import { decideIntrospection, type IntrospectionSettings } from './introspection';
import { limits } from './limits';
import {
  audiences,
  authTable,
  mainTable,
  schemaReading,
  type AccessRule,
  type AudienceDefinition,
  type FieldPermission,
  type PermissionTable,
  type Reach,
} from './permissions';
import { principalOf, rolesOf, scopeOf, type Subject } from './subjects';

/** What the table says of one root field to one subject. */
export interface PermissionCell {
  /** The root type; of `/auth/graphql` with `auth/` before it. */
  readonly type: string;
  readonly field: string;
  readonly subject: Subject;
  /** The code that a client is refused with, where it is. */
  readonly decision: 'ALLOW' | ErrorCode;
  /** What it may be used on; null where it is refused. */
  readonly reach: Reach | null;
  /** Who is let in, in words. */
  readonly rule: string;
  /** Of one item. */
  readonly cost: number;
  /** How cost grows with what is asked for; null where it does not. */
  readonly times: string | null;
  /** For each user, or each address of the signed out; null where there is none. */
  readonly rateLimit: string | null;
}

/** A root field, and the very function that decides about it when it is asked for. */
export interface MatrixRow {
  readonly type: string;
  readonly field: string;
  readonly rule: AccessRule;
  readonly limits: Pick<PermissionCell, 'cost' | 'times' | 'rateLimit'>;
  readonly decide: (principal: Principal | null) => true | AppError;
}

/** What the deployment is taken to say where nobody has asked a running one. */
export const usualSettings: IntrospectionSettings = { publicMarketData: false, introspection: true, clock: () => 0 };

/** The permission table of both endpoints for these subjects, field by field, decided as a request is. */
export function describePermissions(subjects: readonly Subject[], settings: IntrospectionSettings): PermissionCell[] {
  return matrixRows(settings).flatMap((row) => subjects.map((subject) => cellOf(row, subject)));
}

/** In the order of the table. */
export function matrixRows(settings: IntrospectionSettings): readonly MatrixRow[] {
  return [...rowsOf('', mainTable, settings), ...schemaRows(settings), ...rowsOf('auth/', authTable, settings)];
}

function rowsOf(prefix: string, table: PermissionTable, settings: IntrospectionSettings): MatrixRow[] {
  return Object.entries(table.roots).flatMap(([type, fields]) =>
    Object.entries(fields).map(([field, rule]) => ({
      type: `${prefix}${type}`,
      field,
      rule,
      limits: limitsOf(rule),
      decide: (principal) => decideAccess(rule, { principal }, settings),
    })),
  );
}

/** Fields that every schema has, of both endpoints: no row of a root names them. */
function schemaRows(settings: IntrospectionSettings): MatrixRow[] {
  return ['__schema', '__type'].map((field) => ({
    type: 'Query',
    field,
    rule: schemaReading,
    limits: { cost: 1, times: null, rateLimit: null },
    decide: (principal) => decideIntrospection({ principal }, settings),
  }));
}

export function cellOf(
  { type, field, rule, limits: fieldLimits, decide }: MatrixRow,
  subject: Subject,
): PermissionCell {
  const decision = decide(principalOf(subject));
  const outcome: Pick<PermissionCell, 'decision' | 'reach'> =
    decision === true ? { decision: 'ALLOW', reach: reachOf(rule, subject) } : { decision: decision.code, reach: null };
  return { type, field, subject, ...outcome, rule: describeRule(rule), ...fieldLimits };
}

/** Of somebody who is let in. A key reads and changes what is its owner's own, where anybody is held to that. */
function reachOf({ who }: AccessRule, subject: Subject): Reach {
  const { roles }: AudienceDefinition = audiences[who];
  if (roles === 'everybody') return 'yes';
  if (scopeOf(subject) !== null) return Object.values(roles).some((reach) => reach !== 'yes') ? 'own' : 'yes';
  return Object.entries(roles).find(([role]) => rolesOf(subject).some((own) => own === role))?.[1] ?? 'yes';
}

function describeRule(rule: AccessRule): string {
  const { roles, meaning }: AudienceDefinition = audiences[rule.who];
  return roles === 'everybody' ? meaning : [meaning, describeKeys(scopesOf(rule)), ...describeStepUp(rule)].join('; ');
}

function describeStepUp({ stepUp }: AccessRule): readonly string[] {
  if (stepUp === undefined) return [];
  return [`a second factor proven within 5 minutes${stepUp === true ? '' : ` ${stepUp}`}`];
}

function describeKeys(scopes: readonly Scope[]): string {
  if (scopes.length === 0) return 'no API key';
  const isByMode = scopes.includes('TRADE_PAPER') && scopes.includes('TRADE_LIVE');
  return `API keys with ${scopes.join(' or ')}${isByMode ? ', by the mode of the account' : ''}`;
}

function limitsOf({ cost, times, otherwise, rate }: FieldPermission): MatrixRow['limits'] {
  const { max, windowMs } = limits.rate[rate];
  const sizes = typeof times === 'string' ? [times] : (times ?? []);
  const size = [...sizes, ...(otherwise === undefined ? [] : [`else ${otherwise}`])].join(', ');
  return { cost, times: size === '' ? null : size, rateLimit: `${max} in ${windowMs / 1000} s` };
}

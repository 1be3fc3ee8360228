import {
  defaultFieldResolver,
  isIntrospectionType,
  isObjectType,
  type GraphQLFieldMap,
  type GraphQLFieldResolver,
  type GraphQLSchema,
} from 'graphql';
import { applyMiddleware } from 'graphql-middleware';
import { allow, deny, rule, shield } from 'graphql-shield';
import { AppError } from '../errors/appError';
import { asError } from '../errors/asError';
import { decideAccess, type AccessSettings } from './access';
import type { CostLimiter } from './costLimiter';
import type { DeniedCalls } from './deniedCalls';
import type { FieldCall, FieldRateLimiter } from './fieldRateLimiter';
import type { Lockdown } from './lockdown';
import type { FieldPermission, PermissionTable } from './permissions';
import type { RequestContext } from './requestContext';

type Guard = (call: FieldCall) => Promise<true | AppError>;
type Middleware = Parameters<typeof applyMiddleware>[1];
type Resolve = GraphQLFieldResolver<unknown, RequestContext>;
type ShieldRule = ReturnType<ReturnType<typeof rule>> | typeof allow;

/** Set on a subscribe function that asks the table first; its absence keeps the server from starting. */
const guarded = Symbol('guarded');

export interface ApplyPermissionsOptions {
  readonly table: PermissionTable;
  readonly settings: AccessSettings;
  readonly rateLimiter: FieldRateLimiter;
  readonly costLimiter: CostLimiter;
  readonly lockdown: Pick<Lockdown, 'decide'>;
  /** Told of every mutation that is denied, or fails; one that is carried out leaves a trace of its own. */
  readonly denials: Pick<DeniedCalls, 'record'>;
}

/**
 * Puts the permission table in front of a schema, deny by default. Query and Mutation fields ask it in `resolve`
 * (permission, then rate). Subscription fields ask it twice: in `subscribe` (permission, then rate: before any
 * upstream opens) and for every event (is the permission still good?).
 * Throws where schema and table do not cover each other exactly.
 */
export function applyPermissions(schema: GraphQLSchema, options: ApplyPermissionsOptions): GraphQLSchema {
  assertCovered(schema, options.table);
  const { subscriptionName, trees } = buildRuleTrees(schema, options);
  const fieldMiddleware = shield(trees, {
    fallbackRule: deny,
    fallbackError: new AppError('FORBIDDEN'),
    // Thrown errors travel on to the one masking exit; shield would turn each into "Not Authorised!".
    allowExternalErrors: true,
  }).generate(schema) as Record<string, unknown>;
  // Shield wraps every field of every type; a wrapper that always says yes costs five times the execution of a list.
  for (const typeName of Object.keys(options.table.objectTypes)) Reflect.deleteProperty(fieldMiddleware, typeName);
  const protectedSchema = applyMiddleware(schema, fieldMiddleware as Middleware, throwErrorsAlone(options.table));
  recordFailures(protectedSchema, options);
  if (subscriptionName !== null) guardSubscriptions(protectedSchema, options);
  assertSubscriptionsGuarded(protectedSchema);
  return protectedSchema;
}

/** Inside of shield, which gives back what a field throws: GraphQL fails for an error, and would answer with anything else as the field's value. */
function throwErrorsAlone(table: PermissionTable): Middleware {
  const resolveOrThrow = async (
    resolve: Resolve,
    ...[parent, args, context, info]: Parameters<Resolve>
  ): Promise<unknown> => {
    try {
      return await resolve(parent, args, context, info);
    } catch (thrown) {
      throw asError(thrown);
    }
  };
  return Object.fromEntries(Object.keys(table.roots).map((typeName) => [typeName, resolveOrThrow])) as Middleware;
}

function buildRuleTrees(
  schema: GraphQLSchema,
  options: ApplyPermissionsOptions,
): {
  readonly subscriptionName: string | null;
  readonly trees: Record<string, ShieldRule | Record<string, ShieldRule>>;
} {
  const subscriptionName = schema.getSubscriptionType()?.name ?? null;
  const mutationName = schema.getMutationType()?.name;
  const trees: Record<string, ShieldRule | Record<string, ShieldRule>> = {};
  for (const [typeName, rows] of Object.entries(options.table.roots)) {
    const tree: Record<string, ShieldRule> = {};
    for (const [fieldName, row] of Object.entries(rows)) {
      const entry = { ...options, isMutation: typeName === mutationName };
      const guard = typeName === subscriptionName ? eventGuard(row, options) : entryGuard(row, entry);
      tree[fieldName] = toShieldRule(`${typeName}.${fieldName}`, guard);
    }
    trees[typeName] = tree;
  }
  for (const typeName of Object.keys(options.table.objectTypes)) trees[typeName] = allow;
  return { subscriptionName, trees };
}

/** Permission, then the lockdown, the rate of the field, then what the operation costs: who may not spends nothing. */
function entryGuard(row: FieldPermission, options: ApplyPermissionsOptions & { readonly isMutation: boolean }): Guard {
  const { isMutation } = options;
  return async (call) => {
    const decision = decideAccess(row, call.context, options.settings);
    if (decision !== true) return decision;
    const isOpen = options.lockdown.decide({ ...row, isMutation }, call.context.principal);
    if (isOpen !== true) return isOpen;
    const isWithinRate = await options.rateLimiter(row.rate, call);
    return isWithinRate === true ? options.costLimiter(call.context) : isWithinRate;
  };
}

function eventGuard(row: FieldPermission, options: ApplyPermissionsOptions): Guard {
  return (call) => Promise.resolve(decideAccess(row, call.context, options.settings));
}

/** `no_cache`: a cached decision would go on delivering after the token has expired. */
function toShieldRule(name: string, guard: Guard): ShieldRule {
  return rule(name, { cache: 'no_cache' })(
    (parent: unknown, args: Record<string, unknown>, context: RequestContext, info) =>
      guard({ parent, args, context, info }),
  );
}

/** Outside of the rules, so that what they deny is seen like what the field itself refuses. It is in the audit log when the answer is given. */
function recordFailures(schema: GraphQLSchema, { denials }: ApplyPermissionsOptions): void {
  const record = async (context: RequestContext, field: string, error: unknown): Promise<void> => {
    const code = error instanceof AppError ? error.code : 'INTERNAL_SERVER_ERROR';
    if (!auditedThemselves.has(code)) await denials.record(context, field, code);
  };
  for (const field of Object.values(schema.getMutationType()?.getFields() ?? {})) {
    const resolve = field.resolve ?? defaultFieldResolver;
    field.resolve = async (parent, args: unknown, context: RequestContext, info): Promise<unknown> => {
      try {
        const answer: unknown = await resolve(parent, args, context, info);
        // Shield gives its refusal back instead of throwing it.
        if (answer instanceof Error) await record(context, field.name, answer);
        return answer;
      } catch (error) {
        await record(context, field.name, error);
        throw error;
      }
    };
  }
}

/** Every refused sign-in and code has an entry of its own, however many they are. */
const auditedThemselves: ReadonlySet<string> = new Set(['LOGIN_FAILED', 'MFA_FAILED']);

/** graphql-middleware wraps `resolve` alone: left to shield, anybody could open the source of a subscription. */
function guardSubscriptions(schema: GraphQLSchema, options: ApplyPermissionsOptions): void {
  const subscriptionType = schema.getSubscriptionType();
  if (!subscriptionType) return;
  const rows = options.table.roots[subscriptionType.name] ?? {};
  for (const field of Object.values(subscriptionType.getFields())) {
    const row = rows[field.name];
    const openSource = field.subscribe;
    if (row === undefined || openSource === undefined) continue;
    const guard = entryGuard(row, { ...options, isMutation: false });
    const subscribe: typeof openSource = async (
      parent,
      args: Record<string, unknown>,
      context: RequestContext,
      info,
    ) => {
      const decision = await guard({ parent, args, context, info });
      if (decision !== true) throw decision;
      return openSource(parent, args, row.shared === 'public' ? withoutReader(context) : context, info);
    };
    field.subscribe = Object.assign(subscribe, { [guarded]: true });
  }
}

/** A stream that is the same for everybody cannot have been opened for somebody: asking who that is fails. */
function withoutReader(context: RequestContext): RequestContext {
  const refuse = (): never => {
    throw new Error('a stream that is declared public asked who reads it');
  };
  return Object.create(context, {
    principal: { get: refuse },
    rateKey: { get: refuse },
    ip: { get: refuse },
  }) as RequestContext;
}

function assertCovered(schema: GraphQLSchema, table: PermissionTable): void {
  const problems: string[] = [];
  const rootNames = [schema.getQueryType(), schema.getMutationType(), schema.getSubscriptionType()].flatMap(
    (type) => type?.name ?? [],
  );
  for (const rootName of rootNames) {
    problems.push(
      ...compareNames(
        fieldNames(schema, rootName),
        Object.keys(table.roots[rootName] ?? {}),
        (name) => `${rootName}.${name}`,
      ),
    );
  }
  const typeNames = Object.values(schema.getTypeMap())
    .filter((type) => isObjectType(type) && !isIntrospectionType(type) && !rootNames.includes(type.name))
    .map((type) => type.name);
  problems.push(...compareNames(typeNames, Object.keys(table.objectTypes), (name) => name));
  problems.push(...compareNames(rootNames, Object.keys(table.roots), (name) => name));
  if (problems.length > 0) {
    throw new Error(
      `src/security/permissions.ts does not cover the schema: ${problems.join('; ')}. Add or remove the rows named.`,
    );
  }
}

function assertSubscriptionsGuarded(schema: GraphQLSchema): void {
  const fields: GraphQLFieldMap<unknown, unknown> = schema.getSubscriptionType()?.getFields() ?? {};
  const open = Object.values(fields).filter((field) => field.subscribe === undefined || !(guarded in field.subscribe));
  if (open.length > 0) {
    throw new Error(`Subscription fields without a guard: ${open.map((field) => field.name).join(', ')}.`);
  }
  const unwrapped = Object.values(fields).filter(
    (field) => (field.resolve ?? defaultFieldResolver) === defaultFieldResolver,
  );
  if (unwrapped.length > 0) {
    throw new Error(
      `Subscription fields whose events are not checked: ${unwrapped.map((field) => field.name).join(', ')}.`,
    );
  }
}

function compareNames(
  inSchema: readonly string[],
  inTable: readonly string[],
  label: (name: string) => string,
): string[] {
  return [
    ...inSchema.filter((name) => !inTable.includes(name)).map((name) => `${label(name)} has no row`),
    ...inTable.filter((name) => !inSchema.includes(name)).map((name) => `${label(name)} is not in the schema`),
  ];
}

function fieldNames(schema: GraphQLSchema, typeName: string): string[] {
  const type = schema.getType(typeName);
  return isObjectType(type) ? Object.keys(type.getFields()) : [];
}

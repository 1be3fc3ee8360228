import {
  GraphQLObjectType,
  GraphQLSchema,
  GraphQLString,
  buildSchema,
  graphql,
  subscribe,
  parse,
  type ExecutionResult,
} from 'graphql';
import { buildMainSchema } from '../../src/graphql/buildSchemas';
import { applyPermissions, type ApplyPermissionsOptions } from '../../src/security/applyPermissions';
import { mainTable, type PermissionTable } from '../../src/security/permissions';
import { OperationCost, type RequestContext } from '../../src/security/requestContext';
import type { Principal, Role } from '../../src/identity/principal';
import { AppError } from '../../src/errors/appError';

const row = { who: 'signedIn', rate: 'light', cost: 1 } as const;
const smallTable: PermissionTable = { roots: { Query: { secret: row } }, objectTypes: {} };

function makeOptions(overrides: Partial<ApplyPermissionsOptions> = {}): ApplyPermissionsOptions {
  return {
    table: smallTable,
    settings: { publicMarketData: false, clock: () => 1_000 },
    rateLimiter: () => Promise.resolve(true),
    costLimiter: () => Promise.resolve(true),
    lockdown: { decide: () => true },
    denials: { record: () => Promise.resolve() },
    ...overrides,
  };
}

function contextOf(role: Role | null, expiresAt = 2_000): RequestContext {
  const credential = { kind: 'session', id: 's1' } as const;
  const user = { userId: 'u1', tokenId: 't1', credential, scopes: null, verifiedAt: 0, issuedAt: 0, expiresAt };
  const principal: Principal | null = role === null ? null : { ...user, roles: [role] };
  const request = { ip: '1.2.3.4', userAgent: null, transport: 'http', requestId: 'r1' } as const;
  return { principal, rateKey: 'user:u1', ...request, cost: new OperationCost() };
}

function secretSchema(onResolve: () => void = () => undefined): GraphQLSchema {
  return new GraphQLSchema({
    query: new GraphQLObjectType({
      name: 'Query',
      fields: {
        secret: {
          type: GraphQLString,
          resolve: () => {
            onResolve();
            return 'told';
          },
        },
      },
    }),
  });
}

/** A schema with one subscription, `ticks`, that counts how often its source was opened. */
function streamSchema(options: { readonly hasSource: boolean; readonly hasResolve?: boolean }): {
  schema: GraphQLSchema;
  openCount: () => number;
} {
  let opened = 0;
  async function* source(): AsyncGenerator<{ ticks: string }> {
    opened += 1;
    yield await Promise.resolve({ ticks: 'one' });
    yield await Promise.resolve({ ticks: 'two' });
  }
  const schema = new GraphQLSchema({
    query: new GraphQLObjectType({ name: 'Query', fields: { secret: { type: GraphQLString } } }),
    subscription: new GraphQLObjectType({
      name: 'Subscription',
      fields: {
        ticks: {
          type: GraphQLString,
          ...(options.hasSource ? { subscribe: () => source() } : {}),
          ...(options.hasResolve === false ? {} : { resolve: (event: { ticks: string }) => event.ticks }),
        },
      },
    }),
  });
  return { schema, openCount: () => opened };
}

const streamTable: PermissionTable = {
  roots: { Query: { secret: row }, Subscription: { ticks: row } },
  objectTypes: {},
};

async function firstResult(
  opened: ExecutionResult | AsyncGenerator<ExecutionResult, void, void>,
): Promise<ExecutionResult> {
  if (!(Symbol.asyncIterator in opened)) return opened;
  const step = await opened.next();
  if (step.done === true) throw new Error('the stream ended');
  return step.value;
}

function codeOf(result: ExecutionResult): unknown {
  const original = result.errors?.[0]?.originalError;
  return original instanceof AppError ? original.code : null;
}

describe('the permission table in front of a schema', () => {
  it('covers the public schema exactly', () => {
    expect(() => applyPermissions(buildMainSchema(), makeOptions({ table: mainTable }))).not.toThrow();
  });

  it('refuses to start with a field that has no row', () => {
    const schema = buildSchema('type Query { secret: String, forgotten: String }');
    expect(() => applyPermissions(schema, makeOptions())).toThrow(/Query\.forgotten has no row/);
  });

  it('refuses to start with a row for a field that is not there', () => {
    const table = { roots: { Query: { secret: row, ghost: row } }, objectTypes: {} };
    expect(() => applyPermissions(secretSchema(), makeOptions({ table }))).toThrow(/Query\.ghost is not in the schema/);
  });

  it('refuses to start with an object type that has no row', () => {
    const schema = buildSchema('type Query { secret: Hidden } type Hidden { value: String }');
    expect(() => applyPermissions(schema, makeOptions())).toThrow(/Hidden has no row/);
  });

  it('refuses to start with a subscription that has no source to guard', () => {
    const { schema } = streamSchema({ hasSource: false });
    expect(() => applyPermissions(schema, makeOptions({ table: streamTable }))).toThrow(/without a guard: ticks/);
  });

  it('refuses to start with a subscription whose events would pass unchecked', () => {
    const { schema } = streamSchema({ hasSource: true, hasResolve: false });
    expect(() => applyPermissions(schema, makeOptions({ table: streamTable }))).toThrow(
      /events are not checked: ticks/,
    );
  });

  it('lets in whom the row names', async () => {
    const schema = applyPermissions(secretSchema(), makeOptions());
    const result = await graphql({ schema, source: '{ secret }', contextValue: contextOf('VIEWER') });
    expect(result).toEqual({ data: { secret: 'told' } });
  });

  it('keeps everyone else out before the resolver runs', async () => {
    let runs = 0;
    const schema = applyPermissions(
      secretSchema(() => (runs += 1)),
      makeOptions(),
    );
    const result = await graphql({ schema, source: '{ secret }', contextValue: contextOf(null) });
    expect([codeOf(result), runs]).toEqual(['UNAUTHENTICATED', 0]);
  });

  it('treats an expired session as none', async () => {
    const schema = applyPermissions(secretSchema(), makeOptions());
    const result = await graphql({ schema, source: '{ secret }', contextValue: contextOf('ADMIN', 1_000) });
    expect(codeOf(result)).toBe('UNAUTHENTICATED');
  });

  it('denies where a rule itself fails', async () => {
    const rateLimiter = () => Promise.reject(new Error('the limiter is broken'));
    const schema = applyPermissions(secretSchema(), makeOptions({ rateLimiter }));
    const result = await graphql({ schema, source: '{ secret }', contextValue: contextOf('ADMIN') });
    expect(codeOf(result)).toBe('FORBIDDEN');
  });

  it('does not spend the rate of a caller who is refused anyway', async () => {
    let spent = 0;
    const rateLimiter = () => {
      spent += 1;
      return Promise.resolve<true>(true);
    };
    const schema = applyPermissions(secretSchema(), makeOptions({ rateLimiter }));
    await graphql({ schema, source: '{ secret }', contextValue: contextOf(null) });
    expect(spent).toBe(0);
  });

  it('passes the error of a resolver on, for the masking exit to judge', async () => {
    const schema = applyPermissions(
      secretSchema(() => {
        throw new AppError('MARKET_NOT_FOUND');
      }),
      makeOptions(),
    );
    const result = await graphql({ schema, source: '{ secret }', contextValue: contextOf('VIEWER') });
    expect(codeOf(result)).toBe('MARKET_NOT_FOUND');
  });

  it('leaves types that anyone who reached them may read unwrapped, so that lists stay cheap', () => {
    const schema = applyPermissions(buildMainSchema(), makeOptions({ table: mainTable }));
    const ticker = schema.getType('Ticker') as GraphQLObjectType;
    const plain = buildMainSchema().getType('Ticker') as GraphQLObjectType;
    expect(ticker.getFields()['last']?.resolve?.toString()).toBe(plain.getFields()['last']?.resolve?.toString());
  });
});

describe('the permission table in front of a stream', () => {
  const document = parse('subscription { ticks }');

  it('opens no source for someone who may not', async () => {
    const { schema, openCount } = streamSchema({ hasSource: true });
    const guarded = applyPermissions(schema, makeOptions({ table: streamTable }));
    const result = await firstResult(await subscribe({ schema: guarded, document, contextValue: contextOf(null) }));
    expect([codeOf(result), openCount()]).toEqual(['UNAUTHENTICATED', 0]);
  });

  it('opens no source for someone who is over the rate', async () => {
    const { schema, openCount } = streamSchema({ hasSource: true });
    const rateLimiter = () => Promise.resolve(new AppError('RATE_LIMITED'));
    const guarded = applyPermissions(schema, makeOptions({ table: streamTable, rateLimiter }));
    const result = await firstResult(await subscribe({ schema: guarded, document, contextValue: contextOf('VIEWER') }));
    expect([codeOf(result), openCount()]).toEqual(['RATE_LIMITED', 0]);
  });

  it('asks again for every event: the first after the token has expired is refused', async () => {
    let now = 1_000;
    const { schema } = streamSchema({ hasSource: true });
    const settings = { publicMarketData: false, clock: () => now };
    const guarded = applyPermissions(schema, makeOptions({ table: streamTable, settings }));
    const events = await subscribe({ schema: guarded, document, contextValue: contextOf('VIEWER', 2_000) });
    expect(await firstResult(events)).toEqual({ data: { ticks: 'one' } });
    now = 2_000;
    expect(codeOf(await firstResult(events))).toBe('UNAUTHENTICATED');
  });
});

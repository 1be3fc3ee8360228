import {
  ApolloServer,
  HeaderMap,
  type ApolloServerPlugin,
  type GraphQLRequestContext,
  type GraphQLResponse,
} from '@apollo/server';
import { ApolloServerPluginLandingPageDisabled } from '@apollo/server/plugin/disabled';
import type { GraphQLFormattedError, GraphQLSchema } from 'graphql';
import { catalogue, isErrorCode } from '../errors/catalogue';
import { maskError, type MaskOptions } from '../errors/maskError';
import { parseOptions, type Admission } from '../security/admission';
import { callerOf } from '../security/costLimiter';
import { limits } from '../security/limits';
import type { RequestContext } from '../security/requestContext';
import type { Logger } from '../telemetry/logger';
import type { Metrics } from '../telemetry/metrics';

export interface ApolloParts {
  readonly schema: GraphQLSchema;
  readonly admission: Admission;
  readonly logger: Logger;
  readonly metrics: Metrics;
}

/**
 * One GraphQL endpoint over HTTP. The order of protection, from the door inwards:
 *   body size and encoding, batches, credentials, lockdown, text size      server/httpApp.ts
 *   tokens and syntax                                            parseOptions
 *   shape, GraphQL's rules, trust, introspection, cost           admissionPlugin (security/admission.ts)
 *   permission and rate of each field, cost of all together      the schema itself (security/applyPermissions.ts)
 *   masking of errors                                            formatError
 */
export function createApolloServer<Context extends RequestContext>(parts: ApolloParts): ApolloServer<Context> {
  const requestIds = new WeakMap<Error, string>();
  return new ApolloServer<Context>({
    schema: parts.schema,
    // Who may read the schema is decided by role, in the admission.
    introspection: true,
    parseOptions,
    // The admission validates, in the same order as for the WebSocket; whatever Apollo would validate again is left to it.
    dangerouslyDisableValidation: true,
    executionOptions: { maxCoercionErrors: limits.document.maxErrors },
    persistedQueries: false,
    allowBatchedHttpRequests: false,
    csrfPrevention: true,
    hideSchemaDetailsFromClientErrors: true,
    includeStacktraceInErrorResponses: false,
    stopOnTerminationSignals: false,
    nodeEnv: 'production',
    logger: parts.logger,
    formatError: (_formatted, error) =>
      maskError(error, maskOptions(parts, (error instanceof Error ? requestIds.get(error) : undefined) ?? 'unknown')),
    plugins: [ApolloServerPluginLandingPageDisabled(), admissionPlugin<Context>(parts, requestIds)],
  });
}

function admissionPlugin<Context extends RequestContext>(
  parts: ApolloParts,
  requestIds: WeakMap<Error, string>,
): ApolloServerPlugin<Context> {
  return {
    requestDidStart() {
      const startedAt = process.hrtime.bigint();
      return Promise.resolve({
        responseForOperation(request) {
          return Promise.resolve(refuse(parts, request));
        },
        didEncounterErrors({ errors, contextValue }) {
          for (const error of errors) requestIds.set(error, contextValue.requestId);
          return Promise.resolve();
        },
        willSendResponse({ response, operation, contextValue }) {
          tellCost(response.body, contextValue);
          const kind = operation?.operation ?? 'none';
          const errors = response.body.kind === 'single' ? (response.body.singleResult.errors ?? []) : [];
          for (const { extensions } of errors)
            parts.metrics.refusals.inc({ code: String(extensions?.['code']), transport: 'http' });
          parts.metrics.graphqlOperations.inc({ transport: 'http', kind, outcome: errors.length > 0 ? 'error' : 'ok' });
          parts.metrics.graphqlDurationSeconds.observe({ kind }, Number(process.hrtime.bigint() - startedAt) / 1e9);
          return Promise.resolve();
        },
      });
    },
  };
}

/** In `extensions`, of what was admitted: what the operation costs, and what one may cost for whoever asks. */
function tellCost(body: GraphQLResponse['body'], context: RequestContext): void {
  const { units } = context.cost;
  if (body.kind !== 'single' || units === null) return;
  body.singleResult.extensions = {
    ...body.singleResult.extensions,
    cost: { units, limit: limits.cost[callerOf(context)] },
  };
}

/** The whole answer where the operation may not run, else null. */
function refuse<Context extends RequestContext>(
  parts: ApolloParts,
  request: GraphQLRequestContext<Context>,
): GraphQLResponse | null {
  const { document, contextValue } = request;
  if (document === undefined) throw new Error('the document was not parsed before it was admitted');
  const { operationName = null, variables = {} } = request.request;
  const refusals = parts.admission.refusalsOf(document, { operationName, variables }, contextValue);
  if (refusals.length === 0) return null;
  const errors = refusals.map((error) => maskError(error, maskOptions(parts, contextValue.requestId)));
  return {
    body: { kind: 'single', singleResult: { errors } },
    http: { status: statusOf(errors), headers: new HeaderMap() },
  };
}

/** The status of the first error: nothing ran, so it is the whole answer. */
function statusOf(errors: readonly GraphQLFormattedError[]): number {
  const code = errors[0]?.extensions?.['code'];
  return typeof code === 'string' && isErrorCode(code)
    ? catalogue[code].status
    : catalogue.INTERNAL_SERVER_ERROR.status;
}

function maskOptions(parts: ApolloParts, requestId: string): MaskOptions {
  return {
    requestId,
    onHidden: (hidden) => {
      parts.logger.error({ err: hidden, requestId }, 'error hidden from the client');
    },
  };
}

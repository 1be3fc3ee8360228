import { ApolloServer, type ApolloServerPlugin, type GraphQLRequestContext } from '@apollo/server';
import { ApolloServerPluginLandingPageDisabled } from '@apollo/server/plugin/disabled';
import type { GraphQLSchema } from 'graphql';
import { AppError } from '../errors/appError';
import { toGraphqlError } from '../errors/graphqlError';
import { maskError } from '../errors/maskError';
import { parseOptions, validationOptions, type Admission } from '../security/admission';
import { documentRules } from '../security/documentRules';
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
 *   body size and encoding, batches, credentials, text size      server/httpApp.ts
 *   tokens and syntax                                            parseOptions
 *   the schema's rules, depth, aliases, directives               validationRules
 *   trusted operations, transport, introspection, cost           admissionPlugin
 *   permission and rate of each field                            the schema itself (security/applyPermissions.ts)
 *   masking of errors                                            formatError
 */
export function createApolloServer<Context extends RequestContext>(parts: ApolloParts): ApolloServer<Context> {
  const requestIds = new WeakMap<Error, string>();
  return new ApolloServer<Context>({
    schema: parts.schema,
    // Who may read the schema is decided by role, in the admission.
    introspection: true,
    parseOptions,
    validationRules: [...documentRules],
    validationOptions,
    executionOptions: { maxCoercionErrors: validationOptions.maxErrors },
    persistedQueries: false,
    allowBatchedHttpRequests: false,
    csrfPrevention: true,
    hideSchemaDetailsFromClientErrors: true,
    includeStacktraceInErrorResponses: false,
    // maxSelectionsRule does it, stricter and with a code.
    maxRecursiveSelections: false,
    stopOnTerminationSignals: false,
    nodeEnv: 'production',
    logger: parts.logger,
    formatError: (_formatted, error) =>
      maskError(error, {
        requestId: (error instanceof Error ? requestIds.get(error) : undefined) ?? 'unknown',
        onHidden: (hidden) => {
          parts.logger.error({ err: hidden }, 'error hidden from the client');
        },
      }),
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
        didResolveOperation(request) {
          return Promise.resolve().then(() => {
            admit(parts.admission, request);
          });
        },
        didEncounterErrors({ errors, contextValue }) {
          for (const error of errors) requestIds.set(error, contextValue.requestId);
          return Promise.resolve();
        },
        willSendResponse({ response, operation }) {
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

function admit<Context extends RequestContext>(admission: Admission, request: GraphQLRequestContext<Context>): void {
  if (request.document === undefined) throw new Error('the document was not parsed before it was admitted');
  try {
    admission.assertAllowed(
      request.document,
      { operationName: request.request.operationName ?? null, variables: request.request.variables ?? {} },
      request.contextValue,
    );
  } catch (error) {
    throw error instanceof AppError ? toGraphqlError(error) : error;
  }
}

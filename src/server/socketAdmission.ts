import { randomUUID } from 'node:crypto';
import { GraphQLError, type ExecutionArgs, type GraphQLFormattedError, type GraphQLSchema } from 'graphql';
import type { SubscribeMessage } from 'graphql-ws';
import { AppError } from '../errors/appError';
import { asError } from '../errors/asError';
import { toGraphqlError } from '../errors/graphqlError';
import { maskError } from '../errors/maskError';
import type { GraphqlContext, GraphqlServices } from '../graphql/context';
import type { Admission } from '../security/admission';
import { OperationCost } from '../security/requestContext';
import type { Logger } from '../telemetry/logger';
import type { Metrics } from '../telemetry/metrics';
import type { Connection } from './connection';

export interface SocketAdmissionParts {
  readonly admission: Admission;
  readonly services: GraphqlServices;
  /** With its guards. */
  readonly schema: GraphQLSchema;
  readonly caps: { readonly maxOperationsPerSocket: number; readonly maxOperationIdLength: number };
  readonly logger: Logger;
  readonly metrics: Metrics;
}

/** What an operation of a socket must pass before anything of it runs, and how its failures leave. */
export class SocketAdmission {
  constructor(private readonly parts: SocketAdmissionParts) {}

  /** The arguments to execute, or the errors to answer with on the operation's id; the socket stays either way. */
  admit(connection: Connection, message: SubscribeMessage): ExecutionArgs | readonly GraphQLError[] {
    try {
      return this.#admit(connection, message);
    } catch (error) {
      if (error instanceof AppError) return [toGraphqlError(error)];
      // graphql-ws would close the socket over it, and the reader's other streams with it.
      return [new GraphQLError('internal', { originalError: asError(error) })];
    }
  }

  mask(errors: readonly (GraphQLError | GraphQLFormattedError)[], requestId: string): GraphQLFormattedError[] {
    const { logger, metrics } = this.parts;
    return errors.map((error) => {
      const masked = maskError(error, {
        requestId,
        onHidden: (hidden) => {
          logger.error({ err: hidden, requestId }, 'error hidden from the client');
        },
      });
      metrics.refusals.inc({ code: String(masked.extensions?.['code']), transport: 'ws' });
      return masked;
    });
  }

  #admit(connection: Connection, { id, payload }: SubscribeMessage): ExecutionArgs | readonly GraphQLError[] {
    const { admission, caps, schema, metrics } = this.parts;
    if (id.length > caps.maxOperationIdLength) {
      metrics.socketCapHits.inc({ cap: 'operationIdLength' });
      const publicMessage = `An operation id has at most ${caps.maxOperationIdLength} characters.`;
      throw new AppError('BAD_USER_INPUT', { publicMessage });
    }
    if (connection.operations.size + connection.abandoned >= caps.maxOperationsPerSocket) {
      metrics.socketCapHits.inc({ cap: 'operationsPerSocket' });
      throw new AppError('TOO_MANY_SUBSCRIPTIONS');
    }
    const contextValue = this.#contextOf(connection);
    const operation = { variables: payload.variables ?? {}, operationName: payload.operationName ?? null };
    admission.assertText(payload.query, operation.variables);
    const document = admission.parse(payload.query);
    const refusals = admission.refusalsOf(document, operation, contextValue);
    if (refusals.length > 0) return refusals;
    const { variables: variableValues, operationName } = operation;
    return { schema, document, variableValues, operationName, contextValue };
  }

  /** Of who is connected, as it is when it is asked: a fresh token and lost roles count for what runs already. */
  #contextOf(connection: Connection): GraphqlContext {
    return {
      transport: 'ws',
      ip: connection.ip,
      userAgent: null,
      requestId: randomUUID(),
      cost: new OperationCost(),
      services: this.parts.services,
      get principal() {
        if (connection.identity === null) throw new Error('an operation came before its connection was identified');
        return connection.identity.principal;
      },
      get rateKey() {
        return connection.rateKey;
      },
    };
  }
}

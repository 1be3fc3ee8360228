import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import {
  getOperationAST,
  type FormattedExecutionResult,
  GraphQLError,
  type ExecutionArgs,
  type GraphQLFormattedError,
} from 'graphql';
import type { Context, ServerOptions, SubscribePayload } from 'graphql-ws';
import { AppError } from '../errors/appError';
import { toGraphqlError } from '../errors/graphqlError';
import { maskError } from '../errors/maskError';
import type { GraphqlContext } from '../graphql/context';
import { authenticate, rateKeyOf } from '../security/authentication';
import { limits } from '../security/limits';
import { closeCodes, type CloseReason } from './closeCodes';
import type { HttpAppParts } from './httpApp';
import { guardedSubscribe } from './streamGuard';

const { socket: socketLimits } = limits;

/** What is known of one connection beside graphql-ws's own state. */
export interface Connection extends Record<PropertyKey, unknown> {
  readonly request: IncomingMessage;
  readonly close: (reason: CloseReason) => void;
  /** Operations that have begun and not ended. graphql-ws forgets an id at `complete`, while its source may still be opening. */
  readonly running: Set<string>;
  identity?: Pick<GraphqlContext, 'principal' | 'rateKey'>;
  expiryTimer?: NodeJS.Timeout;
}

type Socket = Context<Record<string, unknown>, Connection>;

export type SocketHandlerParts = Pick<HttpAppParts, 'tokens' | 'logger' | 'metrics'> & {
  readonly main: Omit<HttpAppParts['main'], 'apollo'>;
  readonly schema: ExecutionArgs['schema'];
  readonly clock: () => number;
};

/** graphql-ws inherits nothing from Apollo: each protection of the HTTP side is named here again, by the same functions. */
export function createSocketHandlers(parts: SocketHandlerParts): ServerOptions<Record<string, unknown>, Connection> {
  return {
    connectionInitWaitTimeout: socketLimits.initTimeoutMs,
    subscribe: guardedSubscribe,
    onConnect: (socket) => identify(socket, parts),
    onClose: (socket) => {
      clearTimeout(socket.extra.expiryTimer);
    },
    // What is returned here is executed as it stands: graphql-ws validates nothing of it again.
    onSubscribe: (socket, id, payload) => admitOperation(socket, { id, payload }, parts),
    // Comes once for every operation that ran, however it ended.
    onComplete: ({ extra }, id) => {
      extra.running.delete(id);
    },
    onOperation: (_socket, _id, _payload, args) => {
      parts.metrics.graphqlOperations.inc({ transport: 'ws', kind: kindOf(args), outcome: 'ok' });
    },
    onNext: (_socket, _id, _payload, args, result) => {
      const { errors, ...rest } = result;
      if (errors === undefined) return result as FormattedExecutionResult;
      const { requestId } = args.contextValue as GraphqlContext;
      return { ...rest, errors: mask(errors, requestId, parts) } as FormattedExecutionResult;
    },
    onError: (_socket, _id, _payload, errors) => mask(errors, randomUUID(), parts),
  };
}

/** Closes with 4401 for bad credentials; no credentials are nobody's, and the permission table decides. */
function identify(socket: Socket, parts: SocketHandlerParts): boolean {
  const { extra, connectionParams } = socket;
  try {
    const principal = authenticate(connectionParams?.['authorization'], parts.tokens);
    extra.identity = { principal, rateKey: rateKeyOf(principal, extra.request.socket.remoteAddress ?? 'unknown') };
    if (principal !== null) {
      extra.expiryTimer = setTimeout(
        () => {
          extra.close(closeCodes.tokenExpired);
        },
        Math.max(0, principal.expiresAt - parts.clock()),
      );
    }
    return true;
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    parts.metrics.refusals.inc({ code: error.code, transport: 'ws' });
    extra.close(error.extensions['reason'] === 'TOKEN_EXPIRED' ? closeCodes.tokenExpired : closeCodes.unauthenticated);
    return false;
  }
}

/** The arguments to execute, or the errors to answer with on the operation's id; the socket stays either way. */
function admitOperation(
  socket: Socket,
  asked: { readonly id: string; readonly payload: SubscribePayload },
  parts: SocketHandlerParts,
): ExecutionArgs | readonly GraphQLError[] {
  try {
    return admit(socket, asked, parts);
  } catch (error) {
    if (error instanceof AppError) return [toGraphqlError(error)];
    // graphql-ws would close the socket over it, and the reader's other streams with it.
    return [new GraphQLError('internal', { originalError: error instanceof Error ? error : new Error(String(error)) })];
  }
}

function admit(
  socket: Socket,
  { id, payload }: { readonly id: string; readonly payload: SubscribePayload },
  parts: SocketHandlerParts,
): ExecutionArgs | readonly GraphQLError[] {
  const { identity, running, close } = socket.extra;
  if (identity === undefined) throw new Error('an operation came before its connection was identified');
  if (running.has(id)) {
    close(closeCodes.duplicateId);
    throw new AppError('BAD_USER_INPUT', { publicMessage: 'An operation of this id has not ended yet.' });
  }
  if (id.length > socketLimits.maxOperationIdLength) {
    throw new AppError('BAD_USER_INPUT', {
      publicMessage: `An operation id has at most ${socketLimits.maxOperationIdLength} characters.`,
    });
  }
  if (running.size >= socketLimits.maxOperationsPerSocket) throw new AppError('TOO_MANY_SUBSCRIPTIONS');
  const contextValue: GraphqlContext = {
    ...identity,
    transport: 'ws',
    requestId: randomUUID(),
    services: parts.main.services,
  };
  const { admission } = parts.main;
  const operation = { variables: payload.variables ?? {}, operationName: payload.operationName ?? null };
  admission.assertText(payload.query, operation.variables);
  const document = admission.parse(payload.query);
  const refusals = admission.refusalsOf(document, operation, contextValue);
  if (refusals.length > 0) return refusals;
  running.add(id);
  const { variables: variableValues, operationName } = operation;
  return { schema: parts.schema, document, variableValues, operationName, contextValue };
}

function mask(
  errors: readonly (GraphQLError | GraphQLFormattedError)[],
  requestId: string,
  parts: SocketHandlerParts,
): GraphQLFormattedError[] {
  return errors.map((error) => {
    const masked = maskError(error, {
      requestId,
      onHidden: (hidden) => {
        parts.logger.error({ err: hidden, requestId }, 'error hidden from the client');
      },
    });
    parts.metrics.refusals.inc({ code: String(masked.extensions?.['code']), transport: 'ws' });
    return masked;
  });
}

function kindOf(args: ExecutionArgs): string {
  return getOperationAST(args.document, args.operationName)?.operation ?? 'none';
}

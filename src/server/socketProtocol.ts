import { randomUUID } from 'node:crypto';
import type { ExecutionArgs, FormattedExecutionResult } from 'graphql';
import { makeServer, type Server } from 'graphql-ws';
import type { GraphqlContext } from '../graphql/context';
import { headersOf } from './clientMessages';
import type { Connection } from './connection';
import { PlainOperation } from './plainOperation';
import type { SocketAdmission } from './socketAdmission';
import type { SocketIdentity } from './socketIdentity';
import { guardedSubscribe, GuardedResults } from './streamGuard';

export interface SocketProtocolParts {
  readonly admission: SocketAdmission;
  readonly identity: SocketIdentity;
}

/** graphql-ws's `extra`: the connection it speaks for. */
export interface ProtocolExtra extends Record<PropertyKey, unknown> {
  readonly connection: Connection;
}

/**
 * The protocol itself, and the execution of all that is not shared, by graphql-ws. It inherits nothing from Apollo:
 * what it executes was admitted before (`SocketOperations`), and its errors are masked here.
 */
export function createSocketProtocol({ admission, identity }: SocketProtocolParts): Server<ProtocolExtra> {
  return makeServer<Record<string, unknown>, ProtocolExtra>({
    // One timer looks after all sockets: `socketSweep.ts`.
    connectionInitWaitTimeout: 0,
    subscribe: guardedSubscribe,
    onConnect: (socket) => {
      const { connection } = socket.extra;
      connection.protocol = socket;
      const headers = headersOf(socket.connectionParams);
      // The token has served: it is not kept for as long as the socket lives.
      Reflect.deleteProperty(socket, 'connectionParams');
      return identity.begin(connection, headers);
    },
    // What is returned here is executed as it stands: graphql-ws validates nothing of it again.
    onSubscribe: ({ extra: { connection } }, id) => {
      const args = connection.handedOver?.get(id);
      connection.handedOver?.delete(id);
      if (args === undefined) throw new Error('an operation came to graphql-ws that was not admitted');
      return args;
    },
    onOperation: ({ extra: { connection } }, id, _payload, _args, result) => {
      const operation = connection.operations.get(id);
      if (!(result instanceof GuardedResults)) return;
      // Its connection was closed while the source was being opened.
      if (operation instanceof PlainOperation) operation.opened(result);
      else void result.return();
    },
    // Comes once for every operation that ran, however it ended.
    onComplete: ({ extra: { connection } }, id) => {
      const operation = connection.operations.get(id);
      if (!(operation instanceof PlainOperation)) return;
      connection.operations.delete(id);
      operation.stop();
    },
    onNext: (_socket, _id, _payload, args, result) => {
      const { errors, ...rest } = result;
      if (errors === undefined) return result as FormattedExecutionResult;
      return { ...rest, errors: admission.mask(errors, requestIdOf(args)) } as FormattedExecutionResult;
    },
    onError: (_socket, _id, _payload, errors) => admission.mask(errors, randomUUID()),
  });
}

function requestIdOf(args: ExecutionArgs): string {
  return (args.contextValue as GraphqlContext).requestId;
}

import {
  execute,
  type ExecutionArgs,
  type GraphQLFormattedError,
  type GraphQLError,
  type GraphQLSchema,
} from 'graphql';
import type { GraphqlContext, GraphqlServices } from '../graphql/context';
import type { StreamEvent } from '../streams/streamSource';
import { SharedFrame } from './sharedFrame';

export interface SharedExecutionParts {
  /** As it was built: permission was asked when each reader joined, and is taken back by their leaving. */
  readonly schema: GraphQLSchema;
  readonly services: GraphqlServices;
  readonly mask: (errors: readonly GraphQLError[]) => readonly GraphQLFormattedError[];
  readonly onExecuted: () => void;
}

/** Executes a document for all readers of a group at once. */
export type RenderEvent = (event: StreamEvent) => SharedFrame;

/** `args`: those of the reader who opens the group; its principal is left behind. */
export function shareExecution(
  args: Pick<ExecutionArgs, 'document' | 'variableValues' | 'operationName'>,
  parts: SharedExecutionParts,
): RenderEvent {
  const contextValue = contextWithoutReader(parts.services);
  const { document, variableValues, operationName } = args;
  return (event) => {
    const result = execute({
      schema: parts.schema,
      document,
      variableValues,
      operationName,
      contextValue,
      rootValue: event,
    });
    parts.onExecuted();
    // Only fields without code of their own are shared: nothing there can make us wait.
    if ('then' in result) throw new Error('a shared document must be executed at once');
    const { errors, data } = result;
    return new SharedFrame(errors === undefined ? { data } : { errors: parts.mask(errors), data });
  };
}

/** What a group knows: whoever asks it for a reader has found a document that must not be shared. */
function contextWithoutReader(services: GraphqlServices): GraphqlContext {
  const refuse = (): never => {
    throw new Error('a shared execution was asked who reads it');
  };
  return {
    services,
    transport: 'ws',
    get principal(): never {
      return refuse();
    },
    get rateKey(): never {
      return refuse();
    },
    get requestId(): never {
      return refuse();
    },
  };
}

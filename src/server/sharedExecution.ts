import type { ExecutionArgs, GraphQLError, GraphQLFormattedError } from 'graphql';
import type { GraphqlContext, GraphqlServices } from '../graphql/context';
import type { StreamEvent } from '../streams/streamSource';
import type { DocumentExecutor } from './documentExecutor';
import { SharedFrame } from './sharedFrame';

export interface SharedExecutionParts {
  /** Of the schema as it was built: permission was asked when each reader joined, and is taken back by their leaving. */
  readonly executor: DocumentExecutor;
  readonly services: GraphqlServices;
  readonly mask: (errors: readonly GraphQLError[]) => readonly GraphQLFormattedError[];
  readonly onExecuted: () => void;
}

/** Executes a document for all readers of a group at once. */
export type RenderEvent = (event: StreamEvent) => SharedFrame;

/** `args`: those of the reader who opens the group; its context is left behind. */
export function shareExecution(
  { document, variableValues }: Pick<ExecutionArgs, 'document' | 'variableValues'>,
  parts: SharedExecutionParts,
): RenderEvent {
  const contextValue = contextWithoutReader(parts.services);
  return (rootValue) => {
    parts.onExecuted();
    const { errors, data } = parts.executor.execute({ document, variableValues, contextValue, rootValue });
    return new SharedFrame(errors === undefined ? { data } : { data, errors: parts.mask(errors) });
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
    get userAgent(): never {
      return refuse();
    },
    get ip(): never {
      return refuse();
    },
    get requestId(): never {
      return refuse();
    },
    get cost(): never {
      return refuse();
    },
  };
}

import { GraphQLError, subscribe, type ExecutionArgs, type ExecutionResult } from 'graphql';
import { AppError } from '../errors/appError';

type Results = AsyncGenerator<ExecutionResult, void, void>;

/**
 * graphql-js's `subscribe`, with one difference: a refusal ends the subscription as an `error` message on its id.
 * Refused at the door, the plain one would send a `next` with errors; refused for an event (the token has expired),
 * it would go on asking for every event.
 */
export async function guardedSubscribe(args: ExecutionArgs): Promise<Results> {
  const opened = await subscribe(args);
  if (!(Symbol.asyncIterator in opened)) return refusedResults(opened.errors?.[0]);
  return endOnRefusal(opened);
}

function refusedResults(error: GraphQLError | undefined): Results {
  const reason = error ?? new Error('the subscription gave neither events nor an error');
  return toResults({ next: () => Promise.reject(reason), end: () => Promise.resolve() });
}

function endOnRefusal(events: AsyncGenerator<ExecutionResult, void, void>): Results {
  return toResults({
    async next() {
      const step = await events.next();
      const refusal = step.done === true ? undefined : step.value.errors?.find(isRefusal);
      if (refusal === undefined) return step;
      await events.return(undefined);
      throw refusal;
    },
    async end() {
      await events.return(undefined);
    },
  });
}

/** An iterator by hand: `return()` of an async generator function would wait for the pending `next()` and keep the source open. */
function toResults(source: { next(): Promise<IteratorResult<ExecutionResult, void>>; end(): Promise<void> }): Results {
  let isEnded = false;
  const end = async (): Promise<IteratorResult<ExecutionResult, void>> => {
    isEnded = true;
    await source.end();
    return { done: true, value: undefined };
  };
  const results = {
    next: () => (isEnded ? Promise.resolve({ done: true as const, value: undefined }) : source.next()),
    return: end,
    async throw(error: unknown) {
      await end();
      throw error;
    },
    [Symbol.asyncIterator]: () => results,
    [Symbol.asyncDispose]: async () => {
      await end();
    },
  };
  return results;
}

function isRefusal(error: GraphQLError): boolean {
  const { originalError } = error;
  return (
    originalError instanceof AppError &&
    (originalError.code === 'UNAUTHENTICATED' || originalError.code === 'FORBIDDEN')
  );
}

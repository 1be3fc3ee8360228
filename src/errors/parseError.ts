import { AppError } from './appError';

/** graphql-js says in words alone that `maxTokens` was passed. */
const tokenLimitText = 'Document contains more that';

/** What a failure to parse is to the client: QUERY_TOO_LARGE for too many tokens, GRAPHQL_PARSE_FAILED for the rest. */
export function asParseError(cause: unknown): AppError {
  const reason = cause instanceof Error ? cause.message : 'The document cannot be read.';
  const code = reason.includes(tokenLimitText) ? 'QUERY_TOO_LARGE' : 'GRAPHQL_PARSE_FAILED';
  return new AppError(code, { publicMessage: reason, cause });
}

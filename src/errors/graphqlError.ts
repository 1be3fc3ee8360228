import { GraphQLError } from 'graphql';
import type { AppError } from './appError';
import { catalogue } from './catalogue';

/** The same failure for servers that speak GraphQLError; `http.status` counts where it is the whole answer. */
export function toGraphqlError(error: AppError): GraphQLError {
  return new GraphQLError(error.publicMessage, {
    originalError: error,
    extensions: { code: error.code, http: { status: catalogue[error.code].status } },
  });
}

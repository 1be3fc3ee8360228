import { GraphQLError, type GraphQLFormattedError } from 'graphql';
import { AppError } from './appError';
import { catalogue, type ErrorCode } from './catalogue';
import { refusalKey } from './refusal';

export interface MaskOptions {
  /** Told to the client in place of what is hidden, and written to the log beside it. */
  readonly requestId: string;
  /** Receives every failure that is hidden from the client. */
  readonly onHidden: (error: unknown) => void;
}

/**
 * The one way out for errors, on HTTP and WebSocket: a message written for the reader and a code of the catalogue.
 * Whatever is not one of ours leaves as INTERNAL_SERVER_ERROR with the request id; its text goes to the log only.
 */
export function maskError(error: unknown, options: MaskOptions): GraphQLFormattedError {
  const graphqlError = error instanceof GraphQLError ? error : null;
  const place = {
    ...(graphqlError?.locations ? { locations: graphqlError.locations } : {}),
    ...(graphqlError?.path ? { path: graphqlError.path } : {}),
  };
  const appError = findAppError(error);
  if (appError !== null) {
    return {
      message: withoutSuggestions(appError.publicMessage),
      ...place,
      extensions: { code: appError.code, ...appError.extensions },
    };
  }
  const ownCode = graphqlError === null ? null : codeOfGraphqlError(graphqlError);
  if (graphqlError !== null && ownCode !== null) {
    return { message: withoutSuggestions(graphqlError.message), ...place, extensions: { code: ownCode } };
  }
  options.onHidden(error);
  const { message } = catalogue.INTERNAL_SERVER_ERROR;
  return { message, ...place, extensions: { code: 'INTERNAL_SERVER_ERROR', requestId: options.requestId } };
}

function findAppError(error: unknown): AppError | null {
  if (error instanceof AppError) return error;
  return error instanceof GraphQLError && error.originalError != null ? findAppError(error.originalError) : null;
}

/** Codes for what GraphQL itself refuses. An error with an original behind it comes from a resolver and is not GraphQL's own. */
function codeOfGraphqlError(error: GraphQLError): ErrorCode | null {
  if (isTokenLimitError(error)) return 'QUERY_TOO_LARGE';
  const { [refusalKey]: refused, code } = error.extensions;
  if (typeof refused === 'string' && refused in catalogue) return refused as ErrorCode;
  if (typeof code === 'string' && code !== 'INTERNAL_SERVER_ERROR' && code in catalogue) return code as ErrorCode;
  if (error.originalError != null) return null;
  // graphql-js's own complaints about values (a scalar's parseValue, a missing variable) happen while executing: they carry a place.
  return error.nodes !== undefined && error.path === undefined ? 'GRAPHQL_VALIDATION_FAILED' : null;
}

/** True for graphql-js's own complaint that a document has more tokens than `maxTokens`. */
export function isTokenLimitError(error: unknown): boolean {
  return error instanceof GraphQLError && error.message.includes('Document contains more that');
}

const suggestion = / Did you mean .+\?$/s;

/** Names of the schema are not for guessing: "Did you mean …?" stays here. */
function withoutSuggestions(message: string): string {
  return message.replace(suggestion, '');
}
